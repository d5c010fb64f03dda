import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spacing } from '../../../images/agent/decide-spacing.ts';
import { decideVerdict } from '../../../images/agent/decide-verdict.ts';
import { decideWatch, newWatch, type Watch } from '../../../images/agent/decide-watch.ts';
import { granted } from './fakes.ts';

const { rules } = granted;
const limits = { lookMs: 5_000, stopMaxMs: 40_000 };
const time = fc.nat(2 * rules.lifetimeMaxMs);
const maybeTime = fc.option(time, { nil: null });

const watches = fc.record<Watch>({
  bootAt: fc.constant(0),
  onlineAt: maybeTime,
  hasJobTaken: fc.boolean(),
  jobStartedAt: maybeTime,
  jobEndedAt: maybeTime,
  heartbeatDueAt: time,
  idleDueAt: time,
  stop: fc.constant(null),
});

describe('decideWatch', () => {
  it('stops every Listener at the end of its lifetime, whatever else is due', () => {
    fc.assert(
      fc.property(watches, fc.nat(rules.lifetimeMaxMs), (watch, lateMs) => {
        const now = rules.lifetimeMaxMs + lateMs;
        expect(decideWatch(watch, rules, { ...limits, now })).toEqual({ do: 'stop', why: 'lifetime' });
      }),
    );
  });

  it('never sleeps past the lifetime or a due heartbeat, and never for no time', () => {
    fc.assert(
      fc.property(watches, fc.nat(rules.lifetimeMaxMs - 1), (watch, now) => {
        const step = decideWatch(watch, rules, { ...limits, now });
        if (step.do !== 'wait') return;
        expect(step.ms).toBeGreaterThan(0);
        expect(now + step.ms).toBeLessThanOrEqual(Math.min(rules.lifetimeMaxMs, watch.heartbeatDueAt));
      }),
    );
  });

  it('never asks about idleness once a job was taken or a Worker seen', () => {
    fc.assert(
      fc.property(watches, time, (watch, now) => {
        const step = decideWatch(watch, rules, { ...limits, now });
        if (step.do === 'ask-idle') expect(watch).toMatchObject({ hasJobTaken: false, jobStartedAt: null });
      }),
    );
  });

  it('looks for the Worker every second between the taking of a job and its start', () => {
    const watch = { ...newWatch(0, 0, rules), hasJobTaken: true };
    expect(decideWatch(watch, rules, { ...limits, now: 0 })).toEqual({ do: 'wait', ms: 1_000 });
  });
});

describe('decideVerdict', () => {
  const outcomes = fc.record({
    exitCode: fc.option(fc.nat(255), { nil: null }),
    hasWorkerRun: fc.boolean(),
    wasStopped: fc.boolean(),
    relaunches: fc.nat(10),
  });

  it('says ran exactly when a Worker was seen', () => {
    fc.assert(
      fc.property(outcomes, (outcome) => {
        const after = decideVerdict(outcome);
        expect(after.do === 'end' && after.verdict === 'ran').toBe(outcome.hasWorkerRun);
      }),
    );
  });

  it('starts no Listener again that was stopped, that ran a job, or for the fourth time', () => {
    fc.assert(
      fc.property(outcomes, (outcome) => {
        if (decideVerdict(outcome).do !== 'relaunch') return;
        expect(outcome).toMatchObject({ hasWorkerRun: false, wasStopped: false });
        expect(outcome.relaunches).toBeLessThan(3);
      }),
    );
  });
});

describe('spacing', () => {
  it('grows from half a second and never exceeds its bound', () => {
    const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fraction, (tries, part) => {
        const ms = spacing(tries, 20_000, part);
        expect(ms).toBeGreaterThanOrEqual(500);
        expect(ms).toBeLessThanOrEqual(20_000);
      }),
    );
    expect([1, 2, 3, 4, 5, 6, 7].map((tries) => spacing(tries, 20_000, 0.5))).toEqual([
      750, 1_500, 3_000, 6_000, 12_000, 15_000, 15_000,
    ]);
  });
});
