import type { ItemKind, ItemOf } from '../contracts/ledger.ts';
import { chunks } from '../core/lists.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import { inParallel } from './bounded.ts';

/** DynamoDB reads at most this many items in one batch. */
const READ_MAX = 100;
/** Batches in flight at once. */
const WIDTH = 4;

export interface ItemsRead<I> {
  readonly items: readonly I[];
  /** Ids that could not be read now; an id without an item is not among them. */
  readonly unread: readonly string[];
}

/** Items by id, strongly consistent. An item that cannot be understood is told and counted as unread: it fails nobody else. */
export async function readItems<K extends ItemKind>(
  kind: K,
  ids: readonly string[],
  ports: { readonly ledger: Ledger; readonly journal: Journal },
): Promise<ItemsRead<ItemOf<K>>> {
  const read = await inParallel(chunks([...new Set(ids)], READ_MAX), WIDTH, (slice) =>
    readSlice(kind, slice, ports),
  );
  return { items: read.flatMap(({ items }) => items), unread: read.flatMap(({ unread }) => unread) };
}

async function readSlice<K extends ItemKind>(
  kind: K,
  ids: readonly string[],
  ports: { readonly ledger: Ledger; readonly journal: Journal },
): Promise<ItemsRead<ItemOf<K>>> {
  try {
    const read = await ports.ledger.readMany(kind, ids);
    return read.ok ? { items: read.value, unread: [] } : { items: [], unread: ids };
  } catch (error) {
    ports.journal.warn('item-unreadable', {
      kind,
      error: error instanceof Error ? error.message : 'unknown',
    });
    if (ids.length <= 1) return { items: [], unread: ids };
    const half = Math.ceil(ids.length / 2);
    const halves = await inParallel([ids.slice(0, half), ids.slice(half)], 2, (part) =>
      readSlice(kind, part, ports),
    );
    return { items: halves.flatMap(({ items }) => items), unread: halves.flatMap(({ unread }) => unread) };
  }
}
