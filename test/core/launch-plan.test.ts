import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  cameOnline,
  freshPool,
  heldBack,
  NEVER_ONLINE_MAX,
  PROBE_EVERY_MS,
  reserve,
  runnersEnded,
} from '../../lambdas/core/breaker.ts';
import { reasonOf, settleLaunch } from '../../lambdas/core/launch-plan.ts';
import type { LaunchedInstance } from '../../lambdas/ports/instances.ts';
import type { Fault } from '../../lambdas/ports/outcome.ts';
import { jobOf, launchOf, STACK_ID, T0, TICKET } from './fixtures.ts';

const instances = (count: number): LaunchedInstance[] =>
  Array.from({ length: count }, (_, n) => ({
    instanceId: `i-0000000${n}`,
    instanceType: 'm7i.large',
    zone: 'us-east-1a',
    market: 'on-demand',
  }));
const fault = (kind: Fault['kind'], code: string) => ({
  instanceType: null,
  zone: null,
  fault: { kind, code, retryAfterMs: 1_000 } as Fault,
});
const jobs = ['1', '2', '3'].map((jobId) => jobOf({ jobId }));

describe('a launch', () => {
  it('asks for one fleet over every type and zone, with tags of ours alone', () => {
    const launch = launchOf(jobs);
    expect(launch.request).toMatchObject({ ticket: TICKET, count: 3, templateVersion: '1' });
    expect(launch.request?.overrides).toHaveLength(4);
    expect(launch.request?.tags).toEqual({
      'mayfly:stack': STACK_ID,
      'mayfly:pool': 'linux-x64',
      'mayfly:shape': launch.shape,
      'mayfly:ticket': TICKET,
    });
  });

  it('freezes nothing of a single job into the request', () => {
    const mine = launchOf([jobOf({ jobId: '1', name: 'one', headBranch: 'b1' })]).request;
    const other = launchOf([jobOf({ jobId: '2', name: '$(two)', headBranch: 'b2' })]).request;
    expect(mine).toEqual(other);
  });

  it('gives each unit at most one instance and leaves no instance without a unit', () => {
    fc.assert(
      fc.property(fc.nat(6), (given) => {
        const result = settleLaunch(launchOf(jobs), { instances: instances(given), faults: [] });
        expect(result.served).toHaveLength(given);
        expect(result.unserved).toHaveLength(Math.max(0, 3 - given));
        expect(result.isUnsure).toBe(given === 0);
      }),
    );
  });

  it.each([
    [
      'a throttle inside a 200 is never exhaustion',
      [fault('exhausted', 'InsufficientInstanceCapacity'), fault('busy', 'RequestLimitExceeded')],
      'launch-throttled',
      false,
    ],
    [
      'exhaustion only if every offer says so',
      [fault('exhausted', 'InsufficientInstanceCapacity')],
      'capacity-exhausted',
      false,
    ],
    [
      'an account limit holds the pool',
      [fault('exhausted', 'InsufficientInstanceCapacity'), fault('refused', 'VcpuLimitExceeded')],
      'account-limit',
      true,
    ],
    ['a refusal holds the pool', [fault('refused', 'InvalidAMIID.NotFound')], 'launch-refused', true],
  ])('%s', (_, faults, reason, holdsPool) => {
    expect(reasonOf(faults.map((one) => one.fault))).toEqual({ reason, holdsPool });
  });
});

describe('the room of a pool', () => {
  const ask = { now: T0, want: 10, runnersMax: 4 };

  it('never passes the ceiling, however often it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(7), { maxLength: 12 }), (wants) => {
        const last = wants.reduce((pool, want) => reserve(pool, { ...ask, want }).pool, freshPool('p'));
        expect(last.live).toBeLessThanOrEqual(4);
      }),
    );
  });

  it('holds after machines in a row that never came online, and then probes with one every ten minutes', () => {
    const broken = runnersEnded(freshPool('p'), 0, NEVER_ONLINE_MAX);
    const probe = reserve(broken, ask);
    expect(probe.granted).toBe(1);
    expect(reserve(probe.pool, { ...ask, now: T0 + 1_000 })).toMatchObject({
      granted: 0,
      reason: 'pool-on-hold',
    });
    expect(reserve(probe.pool, { ...ask, now: T0 + PROBE_EVERY_MS }).granted).toBe(1);
    expect(reserve(cameOnline(probe.pool), ask).granted).toBe(3);
  });

  it('is held for longer each time an account limit is met in a row', () => {
    const once = heldBack(freshPool('p'), 'account-limit', T0);
    const twice = heldBack(once, 'account-limit', T0);
    expect(reserve(once, ask)).toMatchObject({ granted: 0, reason: 'account-limit' });
    expect((twice.heldUntil ?? 0) - T0).toBe(2 * ((once.heldUntil ?? 0) - T0));
  });
});
