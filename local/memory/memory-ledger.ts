import { storable, stored } from '../../lambdas/adapters/ledger-check.ts';
import type { LedgerItem } from '../../lambdas/contracts/ledger.ts';
import { itemId, keyOf } from '../../lambdas/core/index-keys.ts';
import type { Clock } from '../../lambdas/ports/clock.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import { createMemoryIndex } from './memory-index.ts';
import { type TroublePlan, underPlan } from './trouble.ts';

export interface MemoryLedgerOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** How much later than a write the indexes show it, in milliseconds; asked once per write. 0 unless told. */
  readonly indexLagMs?: (key: string, rev: number) => number;
  readonly trouble?: TroublePlan;
}

/** The ledger in memory. Everything inside is synchronous: a call happens whole, before its promise is seen. */
export interface MemoryLedger extends Ledger {
  /** All items as they stand, in the order they were first written: what checks and dumps look at. */
  items(): readonly LedgerItem[];
}

/** A ledger that can be lost, as a table that was deleted and made anew. */
export interface LosableLedger extends MemoryLedger {
  empty(): void;
}

const READ_MANY_MAX = 100;
const DUE_MAX = 500;
const DEMAND_MAX = 10_000;

export function createMemoryLedger({ clock, indexLagMs, trouble }: MemoryLedgerOptions): LosableLedger {
  const items = new Map<string, LedgerItem>();
  let index = createMemoryIndex();
  return {
    empty: () => {
      items.clear();
      index = createMemoryIndex();
    },
    items: () => [...items.values()].map((item) => structuredClone(item)),
    read: (kind, id) =>
      underPlan(trouble, 'ledger.read', () => {
        const key = keyOf(kind, id);
        const item = items.get(key);
        return done(item && stored(kind, key, item));
      }),
    readMany: async (kind, ids) => {
      if (ids.length > READ_MANY_MAX) {
        throw new Error(`readMany: want at most ${READ_MANY_MAX} ids, got ${ids.length}`);
      }
      return underPlan(trouble, 'ledger.readMany', () =>
        done(
          [...new Set(ids)].flatMap((id) => {
            const key = keyOf(kind, id);
            const item = items.get(key);
            return item === undefined ? [] : [stored(kind, key, item)];
          }),
        ),
      );
    },
    write: async (item) => {
      const next = storable({ ...item, rev: item.rev + 1 });
      return underPlan<typeof next | 'stale'>(trouble, 'ledger.write', () => {
        const key = keyOf(next.kind, itemId(next));
        if ((items.get(key)?.rev ?? 0) !== item.rev) return done('stale');
        items.set(key, structuredClone<LedgerItem>(next));
        index.put(key, next, clock.now() + (indexLagMs?.(key, next.rev) ?? 0));
        return done(next);
      });
    },
    due: (shard, until, max) =>
      underPlan(trouble, 'ledger.due', () =>
        done(index.due(shard, until, clock.now()).slice(0, Math.min(max, DUE_MAX))),
      ),
    demand: ({ shape, group, max }) =>
      underPlan(trouble, 'ledger.demand', () => {
        const hints = index.demand(shape, group, clock.now());
        const cut = Math.min(max, DEMAND_MAX);
        return done({ hints: hints.slice(0, cut), complete: hints.length <= cut });
      }),
  };
}
