import { describe, expect, it } from '@jest/globals';
import { rendered } from './render.ts';
import { synthesized } from './synthesized.ts';

const { template, resources, ids } = synthesized();

describe('MayflyStack', () => {
  it('holds these resources and no others', () => {
    const counts: Record<string, number> = {};
    for (const { Type } of Object.values(resources)) counts[Type] = (counts[Type] ?? 0) + 1;
    expect(counts).toEqual({
      'AWS::Athena::WorkGroup': 1,
      'AWS::CloudWatch::Alarm': 2,
      'AWS::DynamoDB::GlobalTable': 1,
      'AWS::EC2::InternetGateway': 1,
      'AWS::EC2::LaunchTemplate': 2,
      'AWS::EC2::Route': 2,
      'AWS::EC2::RouteTable': 2,
      'AWS::EC2::SecurityGroup': 1,
      'AWS::EC2::Subnet': 2,
      'AWS::EC2::SubnetRouteTableAssociation': 2,
      'AWS::EC2::VPC': 1,
      'AWS::EC2::VPCEndpoint': 1,
      'AWS::EC2::VPCGatewayAttachment': 1,
      'AWS::Events::Rule': 3,
      'AWS::Glue::Database': 1,
      'AWS::Glue::Table': 1,
      'AWS::IAM::Policy': 9,
      'AWS::IAM::Role': 9,
      'AWS::KMS::Alias': 2,
      'AWS::KMS::Key': 2,
      'AWS::KinesisFirehose::DeliveryStream': 1,
      'AWS::Lambda::EventInvokeConfig': 2,
      'AWS::Lambda::EventSourceMapping': 2,
      'AWS::Lambda::Function': 8,
      'AWS::Lambda::Permission': 9,
      'AWS::Lambda::Url': 4,
      'AWS::Logs::LogGroup': 8,
      'AWS::S3::Bucket': 1,
      'AWS::S3::BucketPolicy': 1,
      'AWS::SQS::Queue': 4,
      'AWS::SQS::QueuePolicy': 4,
      'AWS::SSM::Parameter': 2,
      'AWS::SecretsManager::Secret': 1,
      'Custom::MayflyTeardown': 1,
    });
  });

  it('puts out what the operator and the local mode go by', () => {
    expect(Object.keys(template.toJSON()['Outputs']).sort()).toEqual([
      'AppKeyA',
      'AppKeyB',
      'ClaimUrl',
      'GitHubAppParameter',
      'GitHubUrl',
      'JobsQueueUrl',
      'LedgerTable',
      'ReportUrl',
      'StackId',
      'WebhookSecretArn',
      'WebhookUrl',
    ]);
  });

  it('names itself by the first eight digits of the id that CloudFormation gave the stack', () => {
    expect(rendered(template.toJSON()['Outputs'].StackId.Value, resources)).toBe('0a1b2c3d');
  });

  it('reads the images that are SSM parameters anew at each deploy', () => {
    template.hasParameter('*', {
      Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      Default: '/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id',
    });
  });

  it('opens exactly the addresses of webhook, claim, guard and report', () => {
    const targets = ids('AWS::Lambda::Url').map((id) =>
      String(rendered(resources[id]?.Properties['TargetFunctionArn'], resources)),
    );
    expect(targets.map((arn) => /:Mayfly([A-Z][a-z]+)/.exec(arn)?.[1]).sort()).toEqual([
      'Claim',
      'Guard',
      'Report',
      'Webhook',
    ]);
  });
});

describe('the ledger', () => {
  it('is on demand, recoverable, expiring, and has the two sparse indexes', () => {
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'dueShard', AttributeType: 'S' },
        { AttributeName: 'due', AttributeType: 'N' },
        { AttributeName: 'demandShard', AttributeType: 'S' },
        { AttributeName: 'demandKey', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'dueShard', KeyType: 'HASH' },
            { AttributeName: 'due', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['kind', 'id'] },
        },
        {
          IndexName: 'demand',
          KeySchema: [
            { AttributeName: 'demandShard', KeyType: 'HASH' },
            { AttributeName: 'demandKey', KeyType: 'RANGE' },
          ],
          Projection: {
            ProjectionType: 'INCLUDE',
            NonKeyAttributes: ['kind', 'id', 'group', 'since', 'state'],
          },
        },
      ],
      Replicas: [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
    });
  });
});

describe('what the GitHub App needs', () => {
  it('has two key slots that take an imported RSA key and only sign', () => {
    template.allResourcesProperties('AWS::KMS::Key', {
      Origin: 'EXTERNAL',
      KeySpec: 'RSA_2048',
      KeyUsage: 'SIGN_VERIFY',
    });
  });

  it('starts with a parameter that says it is not configured, and with a generated webhook secret', () => {
    template.hasResourceProperties('AWS::SSM::Parameter', { Type: 'String', Value: '{"configured":false}' });
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: {
        ExcludePunctuation: true,
        GenerateStringKey: 'current',
        PasswordLength: 64,
        SecretStringTemplate: '{"previous":""}',
      },
    });
  });
});
