import { stored } from '../../lambdas/adapters/ledger-check.ts';
import type { ItemKind, ItemOf, LedgerItem } from '../../lambdas/contracts/ledger.ts';
import { byAge, demandRow, dueRow, keyOf } from '../../lambdas/core/index-keys.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import { done, failed } from '../../lambdas/ports/outcome.ts';

const KINDS = ['job', 'runner', 'launch'] as const;

/** The ledger as a run left it, by key: it can be read as ever, and nothing can be written any more. */
export function createLeftLedger(rows: ReadonlyMap<string, unknown>): Ledger {
  const find = <K extends ItemKind>(kind: K, id: string): ItemOf<K> | undefined => {
    const key = keyOf(kind, id);
    const row = rows.get(key);
    return row === undefined ? undefined : stored(kind, key, row);
  };
  const indexed = (): readonly LedgerItem[] =>
    [...rows].flatMap(([key, row]) => {
      const kind = KINDS.find((one) => key.startsWith(`${one}#`));
      return kind === undefined ? [] : [stored(kind, key, row)];
    });
  return {
    read: async (kind, id) => done(find(kind, id)),
    readMany: async (kind, ids) => done([...new Set(ids)].flatMap((id) => find(kind, id) ?? [])),
    write: async () => failed({ kind: 'refused', code: 'run-over' }),
    due: async (shard, until, max) => {
      const due = indexed().flatMap((item) => dueRow(item) ?? []);
      const hints = due.filter((row) => row.shard === shard && row.due <= until);
      return done(hints.toSorted((a, b) => a.due - b.due).slice(0, max));
    },
    demand: async ({ shape, group, max }) => {
      const rowsOf = indexed().flatMap((item) => demandRow(item) ?? []);
      const hints = rowsOf.filter(
        (row) => row.shape === shape && (group === undefined || row.group === group),
      );
      return done({ hints: hints.toSorted(byAge).slice(0, max), complete: hints.length <= max });
    },
  };
}
