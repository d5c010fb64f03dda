import type * as z from 'zod/mini';
import { type ItemKind, type ItemOf, type LedgerItem, ledgerItem } from '../contracts/ledger.ts';
import { itemId, keyOf } from '../core/index-keys.ts';

/** An item as it was stored. Throws when it breaks the schema: it must be mended by hand, never skipped. */
export function stored<K extends ItemKind>(kind: K, key: string, value: unknown): ItemOf<K> {
  const parsed = ledgerItem.safeParse(value);
  if (!parsed.success) throw new Error(`ledger item ${key} is corrupt: ${problemsIn(parsed.error)}`);
  if (!isOfKind(kind, parsed.data)) {
    throw new Error(`ledger item ${key}: want kind ${kind}, got ${parsed.data.kind}`);
  }
  return parsed.data;
}

const isOfKind = <K extends ItemKind>(kind: K, item: LedgerItem): item is ItemOf<K> => item.kind === kind;

/** An item that may be written. Throws, naming it, when it could not be read again: that would jam all its readers. */
export function storable<I extends LedgerItem>(item: I): I {
  const parsed = ledgerItem.safeParse(item);
  if (parsed.success) return item;
  throw new Error(
    `ledger item ${keyOf(item.kind, itemId(item))} cannot be written: ${problemsIn(parsed.error)}`,
  );
}

/** Where, and what kind of fault; never what was got, since items hold foreign text. */
export const problemsIn = (error: z.core.$ZodError): string =>
  error.issues.map(({ path, code }) => `${path.join('.') || 'item'}: ${code}`).join('; ');
