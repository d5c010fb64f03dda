import { describe, expect, it } from '@jest/globals';
import { deletedAfter } from './dependencies.ts';
import { synthesized } from './synthesized.ts';

const { resources, ids } = synthesized();
const [teardown = ''] = ids('Custom::MayflyTeardown');

describe('removing the stack', () => {
  it('has one clean-up resource, whose answer CloudFormation awaits for a bounded time', () => {
    expect(ids('Custom::MayflyTeardown')).toHaveLength(1);
    expect(Number(resources[teardown]?.Properties['ServiceTimeout'])).toBe(1320);
  });

  it('stops every queue and schedule that wakes a launching function before the clean-up starts', () => {
    const schedules = ids('AWS::Events::Rule').filter(
      (id) => resources[id]?.Properties['ScheduleExpression'],
    );
    const wakers = [...ids('AWS::Lambda::EventSourceMapping'), ...schedules];
    expect(wakers).toHaveLength(3);
    for (const waker of wakers) expect(deletedAfter(waker, resources)).toContain(teardown);
  });

  it.each([
    'AWS::DynamoDB::GlobalTable',
    'AWS::EC2::LaunchTemplate',
    'AWS::EC2::SecurityGroup',
    'AWS::EC2::Subnet',
    'AWS::EC2::Route',
    'AWS::EC2::VPCGatewayAttachment',
    'AWS::EC2::VPC',
    'AWS::KMS::Key',
    'AWS::SSM::Parameter',
  ])('keeps every %s until the clean-up is done', (type) => {
    const after = deletedAfter(teardown, resources);
    expect(ids(type).length).toBeGreaterThan(0);
    for (const id of ids(type)) expect(after).toContain(id);
  });

  it('keeps the role, the policy and the logs of the clean-up function until the clean-up is done', () => {
    const after = [...deletedAfter(teardown, resources)].filter((id) => id.startsWith('MayflyTeardown'));
    const types = after.map((id) => resources[id]?.Type);
    expect(types).toEqual(
      expect.arrayContaining([
        'AWS::IAM::Role',
        'AWS::IAM::Policy',
        'AWS::Logs::LogGroup',
        'AWS::Lambda::Function',
        'AWS::Lambda::EventInvokeConfig',
      ]),
    );
  });

  it('knows an order: nothing depends on itself', () => {
    for (const id of Object.keys(resources)) expect(deletedAfter(id, resources)).not.toContain(id);
  });

  it('retains nothing but the usage records', () => {
    const kept = Object.values(resources).filter(
      (resource) => (Reflect.get(resource, 'DeletionPolicy') ?? 'Delete') !== 'Delete',
    );
    expect(kept.map(({ Type }) => Type)).toEqual(['AWS::S3::Bucket']);
  });
});
