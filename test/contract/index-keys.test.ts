import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byAge, demandKey, demandPrefix, demandRow, dueRow, itemId } from '../../lambdas/core/index-keys.ts';
import { DEMAND_SHARDS, DUE_SHARDS } from '../../lambdas/ports/ledger.ts';
import { GROUP, launchItem, NOON, ONE_OF_EACH, OTHER_GROUP, openJob, runnerItem } from './items.ts';

const hint = fc.record({
  kind: fc.constantFrom('job' as const, 'runner' as const),
  id: fc.bigInt({ min: 1n, max: 2n ** 63n }).map(String),
  group: fc.constantFrom(GROUP, OTHER_GROUP),
  since: fc.nat({ max: 4_102_444_800_000 }),
  state: fc.constant('queued' as const),
});

describe('keys of the ledger', () => {
  it.each(ONE_OF_EACH)('know an item by its id: %s', (id, item) => {
    expect(itemId(item)).toBe(id);
  });

  it('stand in the order of age within one kind of one group, however many digits a time has', () => {
    fc.assert(
      fc.property(hint, hint, (a, b) => {
        const [one, other] = [a, { ...b, kind: a.kind, group: a.group }];
        fc.pre(one.since !== other.since);
        expect(demandKey(one) < demandKey(other)).toBe(one.since < other.since);
      }),
    );
  });

  it('begin with the prefix of their own kind and group, and with no other', () => {
    fc.assert(
      fc.property(hint, hint, (a, b) => {
        const isAlike = a.kind === b.kind && a.group === b.group;
        expect(demandKey(a).startsWith(demandPrefix(b.group, b.kind))).toBe(isAlike);
      }),
    );
  });

  it('give every two readers one order, the oldest first', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hint, { selector: demandKey, maxLength: 20 }), (hints) => {
        const sorted = [...hints].sort(byAge);
        expect([...hints].reverse().sort(byAge)).toEqual(sorted);
        for (const [index, next] of sorted.slice(1).entries()) {
          expect(next.since).toBeGreaterThanOrEqual(sorted[index]?.since ?? 0);
        }
      }),
    );
  });

  it('spread the items of one burst over all shards', () => {
    const jobs = Array.from({ length: 400 }, (_, n) => openJob(String(28_877_621_001 + n)));
    expect(new Set(jobs.map((job) => dueRow(job)?.shard)).size).toBe(DUE_SHARDS);
    expect(new Set(jobs.map((job) => demandRow(job)?.shard)).size).toBe(DEMAND_SHARDS);
  });

  it('put an item that only changed its revision in the same shard', () => {
    const runner = runnerItem('i-0123456789abcdef0');
    expect(dueRow({ ...runner, rev: 9, rank: 'online' })?.shard).toBe(dueRow(runner)?.shard);
  });

  it('leave closed items out of the due index whatever their due time says', () => {
    expect(dueRow(launchItem(undefined, { due: NOON, expiresAtSeconds: 1 }))).toBeUndefined();
    expect(dueRow(runnerItem('i-0123456789abcdef0', NOON, { expiresAtSeconds: 1 }))).toBeUndefined();
  });

  it('have no place in either index for kinds that nobody waits for', () => {
    for (const [, item] of ONE_OF_EACH.filter(
      ([, { kind }]) => !['job', 'runner', 'launch'].includes(kind),
    )) {
      expect([dueRow(item), demandRow(item)]).toEqual([undefined, undefined]);
    }
  });
});
