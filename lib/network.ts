import { Fn } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Subnets } from '../lambdas/contracts/settings.ts';
import type { NetworkPlan } from './config/compile.ts';

/**
 * Where instances stand: a VPC of our own with one public subnet per zone and no NAT (a NAT costs more than the jobs
 * behind it, aws.md §8), or an existing one. Nothing may connect to an instance, not even another instance.
 */
export class Network extends Construct {
  readonly subnets: Subnets;
  readonly vpc: IVpc;
  readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, plan: NetworkPlan) {
    super(scope, id);
    const vpc = plan.kind === 'own' ? this.ownVpc(plan) : this.existingVpc(plan);
    this.vpc = vpc;
    this.subnets =
      plan.kind === 'own'
        ? vpc.publicSubnets.map((subnet) => ({ id: subnet.subnetId, zone: subnet.availabilityZone }))
        : Object.entries(plan.subnetByZone).map(([zone, id]) => ({ id, zone }));
    const group = new SecurityGroup(this, 'Runners', {
      vpc,
      description: 'Mayfly runners: nothing in; HTTPS, DNS and the configured ports out',
      allowAllOutbound: false,
      allowAllIpv6Outbound: false,
    });
    for (const port of plan.egressTcpPorts)
      group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), `TCP ${port}`);
    // Security groups do not filter the way to the VPC's own resolver. Where names are limited, it is the only one.
    const limited = plan.kind === 'own' && plan.egressDomains !== undefined;
    if (!limited) {
      group.addEgressRule(Peer.anyIpv4(), Port.udp(53), 'DNS');
      if (!plan.egressTcpPorts.includes(53)) group.addEgressRule(Peer.anyIpv4(), Port.tcp(53), 'DNS');
    }
    this.securityGroup = group;
  }

  private ownVpc({ cidr, zones }: { readonly cidr: string; readonly zones: number }): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      availabilityZones: Array.from({ length: zones }, (_, i) => Fn.select(i, Fn.getAzs())),
      natGateways: 0,
      // The launch template asks for the public address, so that nothing else in these subnets gets one unasked.
      subnetConfiguration: [{ name: 'Runners', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
      // Emptying the default security group takes a Lambda-backed resource; nothing of ours ever uses that group.
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    // CDK types its own class and interface apart under exactOptionalPropertyTypes (vpnGatewayId).
    return vpc as IVpc;
  }

  /** The zones are written in the configuration, so that synthesis need not look anything up in an account. */
  private existingVpc(plan: { readonly vpcId: string; readonly subnetByZone: object }): IVpc {
    const availabilityZones = Object.keys(plan.subnetByZone);
    return Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: plan.vpcId, availabilityZones });
  }
}
