import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { objectsIn } from '../../../local/aws/allow-list.ts';
import { isObject, parseJson } from '../../../local/json.ts';
import type { RunningStack } from '../../../local/stack/run.ts';
import { eventually, fastClock, inlineFunction, scratch, startTemplate } from './local-stack.ts';

let folder: ReturnType<typeof scratch>;
let stack: RunningStack;
beforeEach(() => {
  folder = scratch();
});
afterEach(async () => {
  await stack.close();
  folder.remove();
});

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const target = (id: string, more: object = {}) => ({ Id: `to-${id}`, Arn: arn(id), ...more });
const Queue = { Type: 'AWS::SQS::Queue' };

async function messages(): Promise<unknown[]> {
  const QueueUrl = stack.resources.get('Queue')?.ref ?? '';
  const answer = await stack.emulators.sqs.call('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
  return objectsIn(answer['Messages']).map(({ Body }) => parseJson(String(Body)));
}

describe('event rules', () => {
  it('send what matches to queue and function, and nothing else', async () => {
    const Properties = {
      EventPattern: { source: ['aws.ec2'], detail: { state: ['stopped', 'terminated'] } },
      Targets: [target('Queue'), target('F', { RetryPolicy: { MaximumRetryAttempts: 0 } })],
    };
    const Resources = {
      Queue,
      F: inlineFunction('return 1'),
      Rule: { Type: 'AWS::Events::Rule', Properties },
    };
    stack = await startTemplate({ Resources }, { workDir: folder.path });
    const event = (state: string) => ({
      source: 'aws.ec2',
      'detail-type': 'EC2 Instance State-change Notification',
      detail: { 'instance-id': 'i-1', state },
    });
    expect(stack.publishEvent(event('running'))).toBe(0);
    expect(stack.publishEvent(event('stopped'))).toBe(1);
    await eventually(() => (stack.counts().functions[0]?.invocations === 1 ? true : undefined));
    expect(await messages()).toEqual([
      expect.objectContaining({
        ...event('stopped'),
        account: '000000000000',
        region: 'us-east-1',
        resources: [],
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      }),
    ]);
  });

  it('fire a schedule once per virtual minute', async () => {
    const clock = fastClock(600);
    const Properties = { ScheduleExpression: 'rate(1 minute)', Targets: [target('Queue')] };
    const Resources = { Queue, Rule: { Type: 'AWS::Events::Rule', Properties } };
    stack = await startTemplate({ Resources }, { workDir: folder.path, clock });
    const seen: unknown[] = [];
    await eventually(async () => {
      seen.push(...(await messages()));
      return seen.length >= 3 ? true : undefined;
    });
    const times = seen.map((event) => (isObject(event) ? Date.parse(String(event['time'])) : 0));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(59_000);
    expect(seen[0]).toMatchObject({ source: 'aws.events', 'detail-type': 'Scheduled Event' });
  });

  it('send the constant input of a schedule as it stands', async () => {
    const Properties = {
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: arn('Queue'), RoleArn: 'any', Input: '{"sweep":true}' },
    };
    const Resources = { Queue, Schedule: { Type: 'AWS::Scheduler::Schedule', Properties } };
    stack = await startTemplate({ Resources }, { workDir: folder.path, clock: fastClock(600) });
    const [first] = await eventually(async () => {
      const seen = await messages();
      return seen.length > 0 ? seen : undefined;
    });
    expect(first).toEqual({ sweep: true });
  });
});
