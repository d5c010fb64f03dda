import { describe, expect, it, jest } from '@jest/globals';
import { type JobEvent, jobEvent } from '../../../lambdas/contracts/job-event.ts';
import type { Call, Fault } from '../../../local/aws/faults.ts';
import { type FunctionName, idOf, STAGE_TEST_MS, type Stage, until, withStage } from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);

/** Runs until it is stopped. */
const ENDLESS = { steps: [{ name: 'work', run: 'while true; do sleep 0.1; done' }] };

/** Queues an endless job; what the webhook made of it. */
async function queueEndless(stage: Stage): Promise<JobEvent> {
  const bodies: string[] = [];
  const keep: Fault = (call, proceed) => {
    bodies.push(String(call.parameters['MessageBody']));
    return proceed();
  };
  stage.stack.faults.before('sqs', 'SendMessage', keep);
  stage.queue(ENDLESS);
  const body = await until(stage, 'the webhook queued the job', () => bodies[0]);
  return jobEvent.parse(JSON.parse(body));
}

/** A dispatch that is at work on its own: no queue waits for it. */
const dispatch = (stage: Stage, event: JobEvent): Promise<unknown> =>
  stage.stack.invoke(idOf(stage, 'Dispatch'), {
    Records: [{ messageId: event.jobId, body: JSON.stringify(event) }],
  });

const isBy =
  (stage: Stage, name: FunctionName) =>
  ({ caller }: Call): boolean =>
    caller === idOf(stage, name);

/** Starts a launch that EC2 hears of only when `isLetGo` is told. */
async function launchHeld(stage: Stage, event: JobEvent) {
  const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  const hold: Fault = async (_call, proceed) => {
    isHeld.resolve();
    await isLetGo;
    return proceed();
  };
  stage.stack.faults.before('ec2', 'CreateFleet', hold, { when: isBy(stage, 'Dispatch') });
  const ended = dispatch(stage, event);
  await isHeld.promise;
  return { letGo, ended };
}

describe('removing the stack', () => {
  it('while jobs run and launches are under way stops launches, then leaves no instance and no registration', async () => {
    await withStage({}, async (stage) => {
      const { faults } = stage.stack;
      const machines = () => stage.snapshot().runners;
      const event = await queueEndless(stage);
      await until(stage, 'a job runs', () => stage.snapshot().jobs.some(({ state }) => state === 'running'));
      stage.queue(ENDLESS, ENDLESS);
      await until(stage, 'two more machines come', () => machines().length >= 3);
      const late = await launchHeld(stage, { ...event, jobId: '1001' });

      const order: string[] = [];
      const seen: { machines?: number; job?: unknown } = {};
      const noting =
        (what: string, act: () => unknown = () => undefined): Fault =>
        async (_call, proceed) => {
          const answer = await proceed();
          order.push(what);
          await act();
          return answer;
        };
      const when = isBy(stage, 'Teardown');
      const onLook = async (): Promise<void> => {
        await dispatch(stage, { ...event, jobId: '1002' });
        seen.job = await stage.ledger.read('job', '1002');
        seen.machines = machines().length;
        late.letGo();
      };
      faults.before('dynamodb', 'PutItem', noting('stop'), { when });
      faults.before('ec2', 'DescribeInstances', noting('look', onLook), { when });
      faults.before('ec2', 'TerminateInstances', noting('terminate'), { when });

      await stage.stack.removeStack();
      await late.ended;
      expect(faults.left()).toBe(0);
      expect(order).toEqual(['stop', 'look', 'terminate']);
      expect(seen.job).toMatchObject({ value: { intent: { step: 'waiting', reason: 'launches-stopped' } } });
      expect(machines().length).toBe((seen.machines ?? 0) + 1);
      await until(stage, 'every machine is gone and no registration is left', () => {
        const isGone = machines().every(({ state }) => state === 'gone');
        return isGone && stage.registrations().length === 0;
      });
    });
  });
});
