import type { LedgerItem } from '../../lambdas/contracts/ledger.ts';
import { byAge, type DemandRow, type DueRow, demandRow, dueRow } from '../../lambdas/core/index-keys.ts';
import type { DemandHint, DueHint } from '../../lambdas/ports/ledger.ts';

/** What an item shows in the two indexes. */
interface Rows {
  readonly due: DueRow | undefined;
  readonly demand: DemandRow | undefined;
}

interface Change extends Rows {
  readonly key: string;
  readonly at: number;
}

/** The ledger's two indexes, each change visible from its time on. */
export interface MemoryIndex {
  /** The item was written; the indexes show it so from `visibleAt`, and never an older state after a newer. */
  put(key: string, item: LedgerItem, visibleAt: number): void;
  due(shard: number, until: number, now: number): DueHint[];
  demand(shape: string, group: string | undefined, now: number): DemandHint[];
}

export function createMemoryIndex(): MemoryIndex {
  const shown = new Map<string, Rows>();
  const byShard = new Map<number, Map<string, DueRow>>();
  const byShape = new Map<string, Map<string, DemandRow>>();
  /** Changes that are not visible yet, by time. */
  const pending: Change[] = [];
  const lastAt = new Map<string, number>();

  const show = ({ key, due, demand }: Change) => {
    const before = shown.get(key);
    if (before?.due) byShard.get(before.due.shard)?.delete(key);
    if (before?.demand) byShape.get(before.demand.shape)?.delete(key);
    if (due) inner(byShard, due.shard).set(key, due);
    if (demand) inner(byShape, demand.shape).set(key, demand);
    shown.set(key, { due, demand });
  };
  const settle = (now: number) => {
    const later = pending.findIndex(({ at }) => at > now);
    for (const change of pending.splice(0, later === -1 ? pending.length : later)) show(change);
  };
  return {
    put: (key, item, visibleAt) => {
      const at = Math.max(visibleAt, lastAt.get(key) ?? 0);
      lastAt.set(key, at);
      const place = pending.findLastIndex((change) => change.at <= at) + 1;
      pending.splice(place, 0, { key, at, due: dueRow(item), demand: demandRow(item) });
    },
    due: (shard, until, now) => {
      settle(now);
      return [...(byShard.get(shard)?.values() ?? [])]
        .filter(({ due }) => due <= until)
        .sort((a, b) => a.due - b.due)
        .map(({ kind, id, due }) => ({ kind, id, due }));
    },
    demand: (shape, group, now) => {
      settle(now);
      return [...(byShape.get(shape)?.values() ?? [])]
        .filter((row) => group === undefined || row.group === group)
        .sort(byAge)
        .map(({ kind, id, group: of, since, state }) => ({ kind, id, group: of, since, state }));
    },
  };
}

function inner<K, V>(maps: Map<K, Map<string, V>>, key: K): Map<string, V> {
  const found = maps.get(key) ?? new Map<string, V>();
  maps.set(key, found);
  return found;
}
