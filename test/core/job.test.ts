import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import {
  idledOut,
  instanceOfRunnerName,
  isOpen,
  launching,
  newJob,
  refuse,
  stateOf,
  take,
  waitAgain,
} from '../../lambdas/core/job.ts';
import { eventOf, jobOf, T0, TICKET } from './fixtures.ts';

const act = { now: T0 + 1_000, by: 'dispatch' as const };
const place = { pool: 'linux-x64', shape: 'a'.repeat(20), group: 'b'.repeat(20) };
const NAME = 'mayfly-a1b2c3d4-i-0123456789abcdef0-x7k2';

const actions: readonly Partial<JobEvent>[] = [
  { action: 'queued' },
  { action: 'in_progress', status: 'in_progress', runnerName: NAME, startedAt: T0 + 5_000 },
  {
    action: 'completed',
    status: 'completed',
    conclusion: 'success',
    runnerName: NAME,
    completedAt: T0 + 9_000,
  },
];

describe('a job', () => {
  it('is seen as held and due, so that a dispatch that dies right after loses nothing', () => {
    const job = jobOf();
    expect(job).toMatchObject({ fact: 'queued', intent: { step: 'held', reason: 'received', attempt: 0 } });
    expect(job.intent.due).toBeGreaterThan(T0);
  });

  it('is not wanted while GitHub holds it for an approval, and is once it is queued', () => {
    const waiting = jobOf({ status: 'waiting' });
    expect(waiting.intent).toMatchObject({ step: 'none', due: null, reason: 'waiting-for-approval' });
    expect(take(waiting, eventOf(), act).intent.step).toBe('held');
  });

  it('comes to the same end whatever the order and doubling of its events', () => {
    const orders = fc.array(fc.nat(2), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(orders, (order) => {
        const events = order.map((n) => eventOf(actions[n]));
        const [first, ...rest] = events;
        if (first === undefined) return;
        const ranks = { queued: 0, running: 1, completed: 2 };
        let job: JobItem = newJob(first, act);
        for (const event of rest) {
          const next = take(job, event, act);
          expect(ranks[next.fact]).toBeGreaterThanOrEqual(ranks[job.fact]);
          job = next;
        }
        const highest = Math.max(...order);
        expect(job.fact).toBe(['queued', 'running', 'completed'][highest]);
      }),
    );
  });

  it('returns the very same item for an event that says nothing new', () => {
    const running = take(jobOf(), eventOf(actions[1]), act);
    expect(take(running, eventOf(actions[0]), act)).toBe(running);
    expect(take(running, eventOf(actions[1]), act)).toBe(running);
  });

  it('knows its runner and instance from the runner name of the signed event', () => {
    const running = take(jobOf(), eventOf(actions[1]), act);
    expect(running.runner).toEqual({ name: NAME, instanceId: 'i-0123456789abcdef0' });
  });

  const nextLookMs = (job: JobItem): number => (job.intent.due ?? 0) - act.now;

  it('raises its attempt by one with each launch, and neither a launch that gave nothing nor a machine taken by another job delays the next look', () => {
    const first = launching(jobOf(), place, { ...act, ticket: TICKET });
    const waiting = waitAgain(first, { ...act, reason: 'account-limit', due: act.now });
    const again = launching(waiting, place, { ...act, ticket: TICKET });
    const displaced = launching(again, place, { ...act, ticket: TICKET });
    expect([first, again, displaced].map(({ intent }) => intent.attempt)).toEqual([1, 2, 3]);
    expect([again, displaced].map(nextLookMs)).toEqual([nextLookMs(first), nextLookMs(first)]);
  });

  it('spaces the next launch further for each machine that came and idled out, at most half an hour', () => {
    let job = launching(jobOf(), place, { ...act, ticket: TICKET });
    const waits: number[] = [];
    for (let machines = 0; machines < 8; machines += 1) {
      job = idledOut(job, act);
      expect(job.intent).toMatchObject({ step: 'waiting', reason: 'runner-unused', ticket: null });
      waits.push(nextLookMs(job) / 60_000);
      job = launching(job, place, { ...act, ticket: TICKET });
    }
    expect(waits).toEqual([3, 6, 12, 24, 30, 30, 30, 30]);
    expect(nextLookMs(launching(job, place, { ...act, ticket: TICKET }))).toBe(30 * 60_000);
  });

  it('is not put back to waiting once it runs', () => {
    const running = take(launching(jobOf(), place, { ...act, ticket: TICKET }), eventOf(actions[1]), act);
    expect(waitAgain(running, { ...act, reason: 'runner-lost', due: act.now })).toBe(running);
  });

  it('is open while it waits or launches, and not once it is denied', () => {
    const open = launching(jobOf(), place, { ...act, ticket: TICKET });
    expect(isOpen(open)).toBe(true);
    expect(isOpen(refuse(open, 'denied', { ...act, reason: 'run-from-fork' }))).toBe(false);
  });

  it('drops from the table only after its story is over', () => {
    expect(jobOf().expiresAtSeconds).toBeNull();
    const over = take(jobOf(), eventOf(actions[2]), act);
    expect(over.expiresAtSeconds).toBe(Math.floor((act.now + 21 * 86_400_000) / 1000));
    expect(stateOf(over)).toBe('completed');
  });
});

describe('a runner name', () => {
  it('is ours only in the exact form and, where asked, of our stack', () => {
    expect(instanceOfRunnerName(NAME)).toBe('i-0123456789abcdef0');
    expect(instanceOfRunnerName(NAME, 'ffffffff')).toBeNull();
    expect(instanceOfRunnerName(`${NAME}x`)).toBeNull();
    expect(instanceOfRunnerName('mayfly-a1b2c3d4-i-0123456789abcdef0')).toBeNull();
  });
});
