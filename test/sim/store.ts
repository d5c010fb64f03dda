import { storable, stored } from '../../lambdas/adapters/ledger-check.ts';
import type { ItemKind, ItemOf, LedgerItem } from '../../lambdas/contracts/ledger.ts';
import { itemId, keyOf } from '../../lambdas/core/index-keys.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import { createMemoryIndex } from '../../local/memory/memory-index.ts';
import type { MemoryLedger } from '../../local/memory/memory-ledger.ts';

export interface StoreParts {
  readonly now: () => number;
  /** How much later than a write the indexes show it, in ms. */
  readonly indexLagMs: (key: string, rev: number) => number;
  /**
   * Checks every item against its schema, in and out, and freezes it. Without, items are handed around as they are: two
   * thirds of a run would else go into checks of what the same code wrote a moment before.
   */
  readonly isChecked: boolean;
  /** Told of each write that stood. */
  readonly written: (before: LedgerItem | undefined, after: LedgerItem) => void;
}

const READ_MANY_MAX = 100;
const DUE_MAX = 500;
const DEMAND_MAX = 10_000;

/** The ledger of the simulation: as local/memory's, but cheap enough for thousands of days. */
export function createStore({ now, indexLagMs, isChecked, written }: StoreParts): MemoryLedger {
  const items = new Map<string, LedgerItem>();
  const index = createMemoryIndex();
  const find = <K extends ItemKind>(kind: K, id: string): ItemOf<K> | undefined => {
    const key = keyOf(kind, id);
    const item = items.get(key);
    if (item === undefined || !isChecked) return item as ItemOf<K> | undefined;
    return frozen(stored(kind, key, item));
  };
  return {
    items: () => [...items.values()],
    read: async (kind, id) => done(find(kind, id)),
    readMany: async (kind, ids) => {
      if (ids.length > READ_MANY_MAX)
        throw new Error(`readMany: want at most ${READ_MANY_MAX} ids, got ${ids.length}`);
      return done([...new Set(ids)].flatMap((id) => find(kind, id) ?? []));
    },
    write: async (item) => {
      const raised = { ...item, rev: item.rev + 1 };
      const next = isChecked ? frozen(structuredClone(storable(raised))) : raised;
      const key = keyOf(next.kind, itemId(next));
      const before = items.get(key);
      if ((before?.rev ?? 0) !== item.rev) return done('stale');
      items.set(key, next);
      index.put(key, next, now() + indexLagMs(key, next.rev));
      written(before, next);
      return done(next);
    },
    due: async (shard, until, max) => done(index.due(shard, until, now()).slice(0, Math.min(max, DUE_MAX))),
    demand: async ({ shape, group, max }) => {
      const hints = index.demand(shape, group, now());
      const cut = Math.min(max, DEMAND_MAX);
      return done({ hints: hints.slice(0, cut), complete: hints.length <= cut });
    },
  };
}

/** Nothing inside can be changed any more: who tries throws. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
