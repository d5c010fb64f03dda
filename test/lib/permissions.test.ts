import { describe, expect, it } from '@jest/globals';
import { rendered } from './render.ts';
import { largestYaml, type Synthesized, synthesized } from './synthesized.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const standard = synthesized();
const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Statements of a function's role, with the intrinsic functions evaluated. */
function statementsOf(name: string, { resources, ids }: Synthesized = standard): readonly Statement[] {
  const policies = ids('AWS::IAM::Policy').filter((id) => id.startsWith(`Mayfly${name}Role`));
  return policies.flatMap((id) => {
    const document = rendered(resources[id]?.Properties['PolicyDocument'], resources);
    return Reflect.get(Object(document), 'Statement');
  });
}

const NAMES = ['Webhook', 'Dispatch', 'Claim', 'Report', 'Observe', 'Sweep', 'Teardown'];
const actionsOf = (name: string) =>
  [...new Set(statementsOf(name).flatMap(({ Action }) => list(Action)))].sort();
const doing = (name: string, action: string) =>
  statementsOf(name).filter(({ Action }) => list(Action).includes(action));

const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const APP = ['kms:Sign', 'ssm:GetParameter'];
const ITEMS = ['dynamodb:GetItem', 'dynamodb:PutItem'];
const CONSUME = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
const LAUNCH = ['ec2:CreateFleet', 'ec2:CreateTags', 'ec2:RunInstances'];
const MANY = 'dynamodb:BatchGetItem';
const QUERY = 'dynamodb:Query';

describe('the roles', () => {
  it.each([
    ['Webhook', ['secretsmanager:GetSecretValue', 'sqs:SendMessage']],
    ['Dispatch', [...APP, ...ITEMS, ...CONSUME, ...LAUNCH]],
    ['Claim', [...APP, ...ITEMS, QUERY, 'ec2:DescribeInstances', 'ec2:ModifyInstanceMetadataOptions']],
    ['Report', [...APP, ...ITEMS]],
    ['Observe', [...ITEMS, MANY, ...CONSUME]],
    [
      'Sweep',
      [
        ...APP,
        ...ITEMS,
        MANY,
        QUERY,
        ...LAUNCH,
        'ec2:DescribeInstances',
        'ec2:TerminateInstances',
        'firehose:PutRecordBatch',
      ],
    ],
    ['Teardown', [...APP, ...ITEMS, MANY, 'ec2:DescribeInstances', 'ec2:TerminateInstances']],
  ])('let %s do exactly what it is for', (name, actions) => {
    expect(actionsOf(name)).toEqual([...LOGS, ...actions].sort());
  });

  it('come without managed policies and trust Lambda alone, or Firehose for the lake', () => {
    for (const id of standard.ids('AWS::IAM::Role')) {
      expect(standard.resources[id]?.Properties).not.toHaveProperty('ManagedPolicyArns');
    }
    const trusted = standard.ids('AWS::IAM::Role').map((id) => {
      const trust = JSON.stringify(standard.resources[id]?.Properties['AssumeRolePolicyDocument']);
      return `${id.startsWith('MayflyLake') ? 'lake' : 'function'} ${/"Service":"([a-z.]+)"/.exec(trust)?.[1]}`;
    });
    expect([...new Set(trusted)].sort()).toEqual([
      'function lambda.amazonaws.com',
      'lake firehose.amazonaws.com',
    ]);
  });

  it('never pass a role, touch IAM, or allow an action by a pattern', () => {
    expect(JSON.stringify(standard.resources)).not.toMatch(/iam:\w|PassRole/);
    for (const action of NAMES.flatMap(actionsOf)) expect(action).not.toContain('*');
  });

  it('name their resources, save where EC2 only describes', () => {
    const broad = NAMES.flatMap((name) => statementsOf(name)).filter(({ Resource }) =>
      list(Resource).includes('*'),
    );
    expect(new Set(broad.flatMap(({ Action }) => list(Action)))).toEqual(new Set(['ec2:DescribeInstances']));
  });

  it('write logs to the function’s own group only', () => {
    for (const name of NAMES) {
      const resources = doing(name, 'logs:PutLogEvents').flatMap(({ Resource }) => list(Resource));
      expect(resources).toEqual([expect.stringContaining(`:Mayfly${name}Logs`)]);
    }
  });

  it('end instances, and close their metadata, only by our stack tag', () => {
    const ours = { StringEquals: { 'ec2:ResourceTag/mayfly:stack': '0a1b2c3d' } };
    const statements = [
      ...doing('Sweep', 'ec2:TerminateInstances'),
      ...doing('Teardown', 'ec2:TerminateInstances'),
      ...doing('Claim', 'ec2:ModifyInstanceMetadataOptions'),
    ];
    expect(statements).toHaveLength(3);
    for (const { Condition } of statements) expect(Condition).toEqual(ours);
  });

  it('sign only with the keys of the App, by the one algorithm that GitHub takes', () => {
    for (const name of ['Dispatch', 'Claim', 'Report', 'Sweep', 'Teardown']) {
      const [sign, ...more] = doing(name, 'kms:Sign');
      expect(more).toEqual([]);
      expect(sign?.Condition).toEqual({
        StringEquals: { 'kms:SigningAlgorithm': 'RSASSA_PKCS1_V1_5_SHA_256' },
      });
      expect(list(sign?.Resource ?? [])).toHaveLength(2);
    }
  });

  it('let nobody but those six sign, not even an administrator of the account', () => {
    const [id = ''] = standard.ids('AWS::KMS::Key');
    const policy = rendered(standard.resources[id]?.Properties['KeyPolicy'], standard.resources);
    const statements: Statement[] = Reflect.get(Object(policy), 'Statement');
    const sign = statements.filter(({ Action }) => list(Action).some((one) => /Sign$|\*/.test(one)));
    expect(sign).toHaveLength(1);
    const arns = list(sign[0]?.Condition?.['ArnEquals']?.['aws:PrincipalArn']);
    expect(arns.map((arn) => /:Mayfly([A-Z][a-z]+)Role/.exec(String(arn))?.[1]).sort()).toEqual([
      'Claim',
      'Dispatch',
      'Guard',
      'Report',
      'Sweep',
      'Teardown',
    ]);
  });
});

describe.each(['Dispatch', 'Sweep'])('launching by %s', (name) => {
  const tagged = { 'aws:RequestTag/mayfly:stack': '0a1b2c3d' };
  const kindsOf = (statement: Statement) =>
    [...new Set(list(statement.Resource).map((arn) => /:([a-z-]+)\/[^/]*$/.exec(arn)?.[1]))].sort();

  it('uses our templates, images, subnets and security group, each by its ARN', () => {
    const free = doing(name, 'ec2:RunInstances').filter(({ Condition }) => Condition === undefined);
    expect(free).toHaveLength(1);
    expect(free.flatMap(kindsOf)).toEqual(['image', 'launch-template', 'security-group', 'subnet']);
    for (const arn of free.flatMap(({ Resource }) => list(Resource))) expect(arn).not.toContain('*');
  });

  it('makes instances only by one of our templates and only with our tag', () => {
    const making = doing(name, 'ec2:RunInstances').filter((statement) =>
      kindsOf(statement).includes('instance'),
    );
    expect(making.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: tagged, ArnEquals: { 'ec2:LaunchTemplate': expect.anything() } },
    ]);
    const fleet = doing(name, 'ec2:CreateFleet').filter((statement) =>
      kindsOf(statement).includes('instance'),
    );
    expect(fleet.map(({ Condition }) => Condition)).toEqual([{ StringEquals: tagged }]);
  });

  it('tags only what is being made, and only as ours', () => {
    expect(doing(name, 'ec2:CreateTags').map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { ...tagged, 'ec2:CreateAction': ['CreateFleet', 'RunInstances'] } },
    ]);
  });

  it('keeps its policy within the 10,240 characters of IAM in the largest configuration', () => {
    const statements = statementsOf(name, synthesized(largestYaml()));
    expect(JSON.stringify(statements).length).toBeLessThan(10_240);
  });
});
