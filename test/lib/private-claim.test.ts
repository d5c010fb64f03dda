import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { rendered } from './render.ts';
import { DEFAULT_YAML, synthesized } from './synthesized.ts';

const { template, resources, ids } = synthesized(`${DEFAULT_YAML}\nclaim: private\n`);
const [endpoint = ''] = ids('AWS::EC2::VPCEndpoint').filter(
  (id) => resources[id]?.Properties['VpcEndpointType'] === 'Interface',
);

describe('a private claim', () => {
  it('has no function URL: webhook, report and guard alone have one', () => {
    const targets = ids('AWS::Lambda::Url').map((id) => JSON.stringify(resources[id]?.Properties));
    expect(targets).toHaveLength(3);
    expect(targets.filter((target) => target.includes('Claim'))).toEqual([]);
  });

  it('answers one interface endpoint alone', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: [{ 'Fn::GetAtt': [endpoint, 'Id'] }] },
      Policy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 'execute-api:Invoke',
            Condition: { StringNotEquals: { 'aws:SourceVpce': [{ 'Fn::GetAtt': [endpoint, 'Id'] }] } },
          }),
        ]),
      },
    });
  });

  it('is reached from runners by HTTPS, and changes no other name that a job looks up', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Interface',
      PrivateDnsEnabled: false,
      SubnetIds: ids('AWS::EC2::Subnet').map((Ref) => ({ Ref })),
    });
    const open = ids('AWS::EC2::SecurityGroup').flatMap(
      (id) => resources[id]?.Properties['SecurityGroupIngress'] ?? [],
    );
    const SourceSecurityGroupId = { 'Fn::GetAtt': [expect.stringContaining('NetworkRunners'), 'GroupId'] };
    expect(open).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, SourceSecurityGroupId }),
    ]);
    expect(ids('AWS::EC2::SecurityGroupIngress')).toEqual([]);
  });

  it('logs no body: a claim is a bearer token for a while, and its answer a secret', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [Match.objectLike({ DataTraceEnabled: false, LoggingLevel: 'OFF' })],
      AccessLogSetting: Match.absent(),
    });
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
  });

  it('is the address in the user data, which the agent takes', () => {
    const [first = ''] = ids('AWS::EC2::LaunchTemplate');
    const { UserData } = Object(rendered(resources[first]?.Properties['LaunchTemplateData'], resources));
    const { claimUrl } = JSON.parse(Buffer.from(UserData, 'base64').toString());
    expect(claimUrl).toMatch(/^https:\/\/[A-Za-z0-9.:/_-]+\.execute-api\.[a-z0-9-]+\.[a-z.]+\/claim\/$/);
  });

  it('tells the function to compare addresses, and the public one not to', () => {
    const accessOf = (of: ReturnType<typeof synthesized>) =>
      of
        .ids('AWS::Lambda::Function')
        .map((id) => Object(of.resources[id]?.Properties['Environment']).Variables?.CLAIM_ACCESS)
        .filter((access) => access !== undefined);
    expect(accessOf({ template, resources, ids })).toEqual(['private']);
    expect(accessOf(synthesized())).toEqual(['public']);
  });
});
