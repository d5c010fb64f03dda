import type { ItemKind, ItemOf, LedgerItem } from '../contracts/ledger.ts';
import type { Ledger } from '../ports/ledger.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';

/**
 * Two writers of one item meet seldom, three almost never: with budgets and pools shared by five dispatches this many
 * tries fail once in many thousands, and the caller then repeats the whole message.
 */
const TRIES_MAX = 8;

export interface Amended<I> {
  readonly item: I;
  /** False when `change` returned the very item it was given. */
  readonly isChanged: boolean;
}

/**
 * Reads an item, lets a pure function change it, writes it on condition that nobody else did in between, and starts over
 * if somebody did. `change` gets undefined when there is no item; returning undefined or the same item writes nothing.
 * A caller that holds a fresh copy passes it as `known` and saves the first read.
 */
export async function amend<K extends ItemKind>(
  ledger: Ledger,
  key: { readonly kind: K; readonly id: string; readonly known?: ItemOf<K> | undefined },
  change: (item: ItemOf<K> | undefined) => ItemOf<K> | undefined,
): Promise<Outcome<Amended<ItemOf<K>> | undefined>> {
  let known = key.known;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (known === undefined) {
      const read = await ledger.read(key.kind, key.id);
      if (!read.ok) return read;
      known = read.value;
    }
    const next = change(known);
    if (next === undefined) return done(undefined);
    if (next === known) return done({ item: next, isChanged: false });
    const written = await ledger.write<LedgerItem>(next);
    if (!written.ok) return written;
    if (written.value !== 'stale') return done({ item: { ...next, rev: next.rev + 1 }, isChanged: true });
    known = undefined;
  }
  return failed({ kind: 'busy', code: 'item-contended', retryAfterMs: 1_000 });
}
