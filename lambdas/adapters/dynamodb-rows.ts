import * as z from 'zod/mini';
import type { ItemKind, ItemOf, LedgerItem } from '../contracts/ledger.ts';
import { demandKey, demandPartition, demandRow, dueRow, itemId, keyOf } from '../core/index-keys.ts';
import type { DemandHint, DueHint } from '../ports/ledger.ts';
import { problemsIn, stored } from './ledger-check.ts';

/** The table's two sparse indexes: partition and sort key attributes. An item without them is not in the index. */
export const DUE_INDEX = { name: 'due', partition: 'dueShard', sort: 'due' } as const;
export const DEMAND_INDEX = { name: 'demand', partition: 'demandShard', sort: 'demandKey' } as const;

/** Attributes of one row. The item itself stands whole under `item`: its own names can never collide with index keys. */
export type LedgerRow = Readonly<Record<string, unknown>>;

/** The row of an item. Index attributes and the TTL stand beside it, only where they have a value. */
export function rowOf(item: LedgerItem): LedgerRow {
  const { kind } = item;
  const id = itemId(item);
  const due = dueRow(item);
  const demand = demandRow(item);
  const expiresAtSeconds = 'expiresAtSeconds' in item ? item.expiresAtSeconds : null;
  return {
    pk: keyOf(kind, id),
    kind,
    id,
    rev: item.rev,
    item,
    ...(due && { [DUE_INDEX.partition]: String(due.shard), [DUE_INDEX.sort]: due.due }),
    ...(demand && {
      [DEMAND_INDEX.partition]: demandPartition(demand.shape, demand.shard),
      [DEMAND_INDEX.sort]: demandKey(demand),
      group: demand.group,
      since: demand.since,
      state: demand.state,
    }),
    ...(expiresAtSeconds !== null && { expiresAtSeconds }),
  };
}

/** The item of a row as read; throws when it is corrupt. */
export const itemOf = <K extends ItemKind>(kind: K, row: LedgerRow): ItemOf<K> =>
  stored(kind, String(row['pk']), row['item']);

const dueHint = z.object({ kind: z.enum(['job', 'runner', 'launch', 'run']), id: z.string(), due: z.int() });

const demandHint = z.object({
  kind: z.enum(['job', 'runner']),
  id: z.string(),
  group: z.string(),
  since: z.int(),
  state: z.enum(['queued', 'launched', 'claimed', 'online']),
});

/** Index rows as hints. Throw when a row is not one: the indexes are written by `rowOf` alone. */
export const dueHintOf = (row: LedgerRow): DueHint => hintOf(dueHint, DUE_INDEX.name, row);
export const demandHintOf = (row: LedgerRow): DemandHint => hintOf(demandHint, DEMAND_INDEX.name, row);

function hintOf<T>(form: z.ZodMiniType<T>, index: string, row: LedgerRow): T {
  const parsed = form.safeParse(row);
  if (parsed.success) return parsed.data;
  throw new Error(`row ${String(row['pk'])} of index ${index} is corrupt: ${problemsIn(parsed.error)}`);
}
