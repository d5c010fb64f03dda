import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { userData } from '../../lambdas/contracts/claim.ts';
import { rendered } from './render.ts';
import { synthesized } from './synthesized.ts';

const { template, resources, ids } = synthesized();
const launches = (part: object) => ({ LaunchTemplateData: Match.objectLike(part) });

const EXISTING = `github: { owners: [acme] }
network:
  vpcId: vpc-0123456789abcdef0
  subnets: { eu-west-1a: subnet-00000000000000001, eu-west-1b: subnet-00000000000000002 }
  publicIp: false
  egressTcpPorts: [443, 80]
pools:
  linux:
    labels: [linux]
    keyLabel: linux
    arch: x64
    types: [m7i.large]
    market: on-demand
    image: { ami: ami-0123456789abcdef0, rootDevice: /dev/xvda, unverified: true }
    volume: { sizeGiB: 100, iops: 6000, throughputMiBps: 500 }
    limits: { runnersMax: 3 }
`;

describe('the launch templates', () => {
  it('demand IMDSv2, keep it within one hop and hide the tags', () => {
    const MetadataOptions = {
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      HttpProtocolIpv6: 'disabled',
      InstanceMetadataTags: 'disabled',
    };
    template.allResourcesProperties('AWS::EC2::LaunchTemplate', launches({ MetadataOptions }));
  });

  it('carry no instance profile, no key pair and no instance type', () => {
    for (const key of ['IamInstanceProfile', 'KeyName', 'InstanceType']) {
      template.allResourcesProperties('AWS::EC2::LaunchTemplate', launches({ [key]: Match.absent() }));
    }
    expect(JSON.stringify(resources)).not.toMatch(/InstanceProfile|KeyName|KeyPair/);
  });

  it('end the instance when it powers off, and its encrypted volume with it', () => {
    template.allResourcesProperties(
      'AWS::EC2::LaunchTemplate',
      launches({
        InstanceInitiatedShutdownBehavior: 'terminate',
        Monitoring: { Enabled: false },
        BlockDeviceMappings: [
          {
            DeviceName: '/dev/sda1',
            Ebs: Match.objectLike({ Encrypted: true, DeleteOnTermination: true, VolumeType: 'gp3' }),
          },
        ],
      }),
    );
  });

  it('ask for a public address by an interface without a subnet, which each launch fills in', () => {
    template.allResourcesProperties(
      'AWS::EC2::LaunchTemplate',
      launches({
        SecurityGroupIds: Match.absent(),
        NetworkInterfaces: [
          Match.objectLike({
            AssociatePublicIpAddress: true,
            DeleteOnTermination: true,
            DeviceIndex: 0,
            SubnetId: Match.absent(),
          }),
        ],
      }),
    );
  });

  it('tag instance, volume and interface as ours, and never the spot request that an on-demand launch lacks', () => {
    const [first = ''] = ids('AWS::EC2::LaunchTemplate');
    const specifications = Reflect.get(
      Object(resources[first]?.Properties['LaunchTemplateData']),
      'TagSpecifications',
    );
    const Tags = [
      { Key: 'mayfly:stack', Value: '0a1b2c3d' },
      { Key: 'mayfly:pool', Value: 'linux-x64' },
    ];
    expect(rendered(specifications, resources)).toEqual(
      ['instance', 'volume', 'network-interface'].map((ResourceType) => ({ ResourceType, Tags })),
    );
  });

  it('give the agent what its contract says, and nothing of one job', () => {
    const given = ids('AWS::EC2::LaunchTemplate').map((id) => {
      const encoded = Reflect.get(Object(resources[id]?.Properties['LaunchTemplateData']), 'UserData');
      return userData.parse(
        JSON.parse(Buffer.from(String(rendered(encoded, resources)), 'base64').toString()),
      );
    });
    expect(given.map(({ pool, stackId }) => [pool, stackId])).toEqual([
      ['linux-x64', '0a1b2c3d'],
      ['linux-arm64', '0a1b2c3d'],
    ]);
    expect(given[0]?.claimUrl).toMatch(/^https:/);
  });
});

describe('the network', () => {
  it('lets nothing in, and lets out HTTPS and DNS', () => {
    expect(ids('AWS::EC2::SecurityGroupIngress')).toEqual([]);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [
        Match.objectLike({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }),
        Match.objectLike({ IpProtocol: 'udp', FromPort: 53, ToPort: 53 }),
        Match.objectLike({ IpProtocol: 'tcp', FromPort: 53, ToPort: 53 }),
      ],
    });
  });

  it('has a subnet in each of two zones, no NAT, and S3 by a gateway', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
    const zones = ids('AWS::EC2::Subnet').map((id) => resources[id]?.Properties['AvailabilityZone']);
    expect(zones).toEqual([
      { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
      { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] },
    ]);
  });

  it('can be an existing one, named without a look into the account', () => {
    const existing = synthesized(EXISTING);
    expect(existing.ids('AWS::EC2::VPC')).toEqual([]);
    existing.template.hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0123456789abcdef0' });
    existing.template.hasResourceProperties(
      'AWS::EC2::LaunchTemplate',
      launches({
        ImageId: 'ami-0123456789abcdef0',
        NetworkInterfaces: [Match.objectLike({ AssociatePublicIpAddress: false })],
        BlockDeviceMappings: [
          {
            DeviceName: '/dev/xvda',
            Ebs: Match.objectLike({ VolumeSize: 100, Iops: 6000, Throughput: 500 }),
          },
        ],
      }),
    );
    const [dispatch = ''] = existing.ids('AWS::Lambda::Function').filter((id) => id.includes('Dispatch'));
    const environment = rendered(existing.resources[dispatch]?.Properties['Environment'], existing.resources);
    const { SUBNETS } = Reflect.get(Object(environment), 'Variables');
    expect(JSON.parse(SUBNETS)).toEqual([
      { id: 'subnet-00000000000000001', zone: 'eu-west-1a' },
      { id: 'subnet-00000000000000002', zone: 'eu-west-1b' },
    ]);
  });
});
