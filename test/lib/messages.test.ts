import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { synthesized } from './synthesized.ts';

const { template, resources, ids } = synthesized();
const named = (type: string, part: string) => {
  const [id = ''] = ids(type).filter((candidate) => candidate.startsWith(part));
  return resources[id]?.Properties ?? {};
};
const timeoutOf = (name: string) => Number(named('AWS::Lambda::Function', `Mayfly${name}`)['Timeout']);

/** The queue that feeds a function. */
const queueOf = (name: string) => {
  const arn = named('AWS::Lambda::EventSourceMapping', `Mayfly${name}`)['EventSourceArn'];
  const [queue = ''] = Reflect.get(Object(arn), 'Fn::GetAtt');
  return { queue, properties: resources[queue]?.Properties ?? {} };
};

describe('the queues', () => {
  it.each(['Dispatch', 'Observe'])('hide a message from %s for six times as long as it may run', (name) => {
    expect(queueOf(name).properties['VisibilityTimeout']).toBe(timeoutOf(name) * 6);
  });

  it('try a job for half an hour and an event for some minutes, then park it as long as SQS can keep it', () => {
    const tries = ['Dispatch', 'Observe'].map((name) => queueOf(name).properties['RedrivePolicy']);
    expect(tries).toMatchObject([{ maxReceiveCount: 20 }, { maxReceiveCount: 5 }]);
    template.resourcePropertiesCountIs('AWS::SQS::Queue', { MessageRetentionPeriod: 14 * 86_400 }, 2);
  });

  it('are encrypted and refuse plain HTTP', () => {
    template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      }),
    });
  });

  it.each([
    ['Dispatch', 5],
    ['Observe', 2],
  ])('feed %s large batches, few at once, and take back single messages', (name, concurrency) => {
    expect(named('AWS::Lambda::EventSourceMapping', `Mayfly${name}`)).toMatchObject({
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      ScalingConfig: { MaximumConcurrency: concurrency },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('the events', () => {
  it('bring the end of instances and the notices of spot into the instances queue', () => {
    const targets = [{ Arn: { 'Fn::GetAtt': [queueOf('Observe').queue, 'Arn'] }, Id: 'Target0' }];
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        detail: { state: ['shutting-down', 'stopped', 'terminated'] },
      },
      Targets: targets,
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
      },
      Targets: targets,
    });
  });

  it('wake the sweep every minute, never late and never twice', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [Match.objectLike({ RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } })],
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
    });
    expect(timeoutOf('Sweep')).toBeLessThan(60);
  });
});
