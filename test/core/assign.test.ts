import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assign, shortage } from '../../lambdas/core/assign.ts';
import type { DemandHint } from '../../lambdas/ports/ledger.ts';

const job = (id: string, group = 'g', since = 0): DemandHint => ({
  kind: 'job',
  id,
  group,
  since,
  state: 'queued',
});
const runner = (id: string, state: DemandHint['state'] = 'launched', group = 'g', since = 0): DemandHint => ({
  kind: 'runner',
  id,
  group,
  since,
  state,
});
const me = (instanceId: string, group = 'g', launchedAt = 0) => ({ instanceId, group, launchedAt });

describe('assign', () => {
  it('mints for the only runner of an open job', () => {
    expect(assign(me('i-1'), [job('1'), runner('i-1')])).toEqual({ do: 'mint' });
  });

  it('counts the claimer as a runner even where the index lags behind it', () => {
    expect(assign(me('i-1'), [job('1')])).toEqual({ do: 'mint' });
  });

  it('never sends two claimers of two jobs away, whatever each sees of the other', () => {
    const hints = [job('1'), job('2'), runner('i-1'), runner('i-2')];
    expect(assign(me('i-1'), hints).do).toBe('mint');
    expect(assign(me('i-2'), hints).do).toBe('mint');
  });

  it('lets a surplus runner wait while an earlier one has not claimed yet', () => {
    expect(assign(me('i-2', 'g', 5), [job('1'), runner('i-1'), runner('i-2', 'launched', 'g', 5)])).toEqual({
      do: 'later',
    });
  });

  it('sends a surplus runner away once runners that claimed cover every job', () => {
    const hints = [job('1'), runner('i-1', 'claimed'), runner('i-2', 'launched', 'g', 5)];
    expect(assign(me('i-2', 'g', 5), hints)).toEqual({ do: 'gone' });
  });

  it('sends a runner away when no job is open any more', () => {
    expect(assign(me('i-1'), [runner('i-1')])).toEqual({ do: 'gone' });
  });

  it('ranks a runner with a registration before one that launched earlier', () => {
    const hints = [job('1'), runner('i-1', 'launched', 'g', 0), runner('i-2', 'online', 'g', 9)];
    expect(assign(me('i-1'), hints).do).toBe('gone');
  });

  it('switches a surplus runner to a starving group of its shape', () => {
    const hints = [runner('i-1'), job('9', 'other')];
    expect(assign(me('i-1'), hints)).toEqual({ do: 'switch', group: 'other', job: '9' });
  });

  it('spreads surplus runners over different starving jobs', () => {
    const hints = [
      runner('i-1', 'launched', 'g', 1),
      runner('i-2', 'launched', 'g', 2),
      job('8', 'a', 1),
      job('9', 'b', 2),
    ];
    expect(assign(me('i-1', 'g', 1), hints)).toMatchObject({ group: 'a' });
    expect(assign(me('i-2', 'g', 2), hints)).toMatchObject({ group: 'b' });
  });

  it('mints for exactly as many of the claimers as there are open jobs', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.uniqueArray(fc.nat(99), { maxLength: 12 }), (jobs, starts) => {
        const runners = starts.map((since) => runner(`i-${since}`, 'launched', 'g', since));
        const hints = [...Array.from({ length: jobs }, (_, n) => job(String(n))), ...runners];
        const minted = starts.filter((since) => assign(me(`i-${since}`, 'g', since), hints).do === 'mint');
        expect(minted).toHaveLength(Math.min(jobs, starts.length));
      }),
    );
  });

  it('never starves a job: while jobs outnumber claimed runners, some waiting claimer mints', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(7),
        fc.integer({ min: 1, max: 8 }),
        (jobs, claimed, waiting) => {
          fc.pre(claimed < jobs);
          const hints = [
            ...Array.from({ length: jobs }, (_, n) => job(String(n))),
            ...Array.from({ length: claimed }, (_, n) => runner(`i-c${n}`, 'claimed', 'g', n)),
            ...Array.from({ length: waiting }, (_, n) => runner(`i-w${n}`, 'launched', 'g', n)),
          ];
          const answers = Array.from({ length: waiting }, (_, n) => assign(me(`i-w${n}`, 'g', n), hints).do);
          expect(answers).toContain('mint');
        },
      ),
    );
  });
});

describe('shortage', () => {
  it('is open jobs less unbound runners and launches in flight, never below zero', () => {
    const hints = [job('1'), job('2'), job('3'), runner('i-1')];
    expect(shortage('g', hints, 1)).toBe(1);
    expect(shortage('g', hints, 9)).toBe(0);
  });
});
