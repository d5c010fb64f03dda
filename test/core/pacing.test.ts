import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BudgetItem } from '../../lambdas/contracts/ledger.ts';
import {
  type Bucket,
  closed,
  draw,
  freshBudget,
  LOOK_AHEAD_MS,
  promise,
  redeem,
} from '../../lambdas/core/pacing.ts';
import { T0 } from './fixtures.ts';

const BUCKET: Bucket = { capacity: 10, perSecond: 2 };
const fresh = (): BudgetItem => freshBudget('b', BUCKET, T0);

describe('draw', () => {
  it('grants what the bucket holds and says when the next token comes', () => {
    const { granted, retryAfterMs, budget } = draw(fresh(), BUCKET, { now: T0, want: 15 });
    expect({ granted, retryAfterMs, left: budget.tokens }).toEqual({
      granted: 10,
      retryAfterMs: 500,
      left: 0,
    });
  });

  it('never spends more than the capacity plus what came back, whatever the order of draws', () => {
    const asks = fc.array(fc.record({ wait: fc.nat(3_000), want: fc.nat(20) }), { maxLength: 40 });
    fc.assert(
      fc.property(asks, (list) => {
        let budget = fresh();
        let now = T0;
        let spent = 0;
        for (const { wait, want } of list) {
          now += wait;
          const grant = draw(budget, BUCKET, { now, want });
          budget = grant.budget;
          spent += grant.granted;
        }
        expect(spent).toBeLessThanOrEqual(BUCKET.capacity + ((now - T0) / 1000) * BUCKET.perSecond);
      }),
    );
  });

  it('gains nothing from a clock that runs backwards', () => {
    const empty = draw(fresh(), BUCKET, { now: T0, want: 10 }).budget;
    const back = draw(empty, BUCKET, { now: T0 - 60_000, want: 1 });
    expect(back.granted).toBe(0);
    expect(draw(back.budget, BUCKET, { now: T0, want: 1 }).granted).toBe(0);
  });

  it('grants nothing while GitHub asked for a pause, and says how long', () => {
    const paused = closed(fresh(), T0 + 7_000);
    expect(draw(paused, BUCKET, { now: T0, want: 1 })).toMatchObject({ granted: 0, retryAfterMs: 7_000 });
    expect(draw(paused, BUCKET, { now: T0 + 7_000, want: 1 }).granted).toBe(1);
  });
});

describe('promise', () => {
  it('grants no more than the bucket will hold when the instances have booted, less what was promised before', () => {
    const room = BUCKET.capacity + (LOOK_AHEAD_MS / 1000) * BUCKET.perSecond;
    const first = promise(fresh(), BUCKET, { now: T0, want: 1_000 });
    expect(first.granted).toBe(room);
    expect(promise(first.budget, BUCKET, { now: T0, want: 1 }).granted).toBe(0);
  });

  it('is given back by redeeming, and forgotten when the instance never asks', () => {
    const promised = promise(fresh(), BUCKET, { now: T0, want: 3 }).budget;
    expect(redeem(promised, BUCKET, T0 + 1_000).budget.promised).toMatchObject([{ count: 2 }]);
    expect(promise(promised, BUCKET, { now: T0 + 600_000, want: 0 }).budget.promised).toEqual([]);
  });

  it('is not redeemed while no token is there', () => {
    const empty = draw(promise(fresh(), BUCKET, { now: T0, want: 2 }).budget, BUCKET, {
      now: T0,
      want: 10,
    }).budget;
    const early = redeem(empty, BUCKET, T0);
    expect(early).toMatchObject({ granted: 0, retryAfterMs: 500 });
    expect(early.budget.promised).toMatchObject([{ count: 2 }]);
  });
});
