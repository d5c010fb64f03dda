import type { ItemKind, ItemOf, LedgerItem } from '../contracts/ledger.ts';
import type { Outcome } from './outcome.ts';

/** A row of the due index: a hint. The item itself is read before anything irreversible. */
export interface DueHint {
  readonly kind: 'job' | 'runner' | 'launch' | 'run';
  readonly id: string;
  readonly due: number;
}

/** A row of the demand index: open admitted jobs and live unbound runners of one shape. A hint, eventually consistent. */
export interface DemandHint {
  readonly kind: 'job' | 'runner';
  readonly id: string;
  readonly group: string;
  /** Jobs: when queued. Runners: when launched. Epoch milliseconds. */
  readonly since: number;
  /** Runners: their rank and whether they hold a delivered registration. Jobs: `queued`. */
  readonly state: 'queued' | 'launched' | 'claimed' | 'online';
}

/**
 * The durable record. Single-item conditional writes only: each step between two items is repairable by the sweep.
 * Reads by key are strongly consistent; index reads may lag by seconds and may miss or repeat an item.
 */
export interface Ledger {
  /** Undefined when there is none. Repeating is free. */
  read<K extends ItemKind>(kind: K, id: string): Promise<Outcome<ItemOf<K> | undefined>>;
  /** All found, in no order; at most 100 ids. An id without item is left out. */
  readMany<K extends ItemKind>(kind: K, ids: readonly string[]): Promise<Outcome<readonly ItemOf<K>[]>>;
  /**
   * Writes the item if the stored revision equals `item.rev` (0: if absent) and raises the revision by one.
   * 'stale' means somebody else wrote first: read again and decide anew. After `unsure` the write may stand: read
   * before repeating; a blind repeat answers 'stale', never writes twice.
   */
  write<I extends LedgerItem>(item: I): Promise<Outcome<I | 'stale'>>;
  /** Work due up to `until`, oldest first within a shard, at most `max` (≤ 500). */
  due(shard: number, until: number, max: number): Promise<Outcome<readonly DueHint[]>>;
  /**
   * Open jobs and unbound runners of a shape (of one group where given), oldest first within a group; at most `max`
   * (≤ 10,000). The oldest are never cut: `complete` is false when newer ones were.
   */
  demand(query: {
    readonly shape: string;
    readonly group?: string;
    readonly max: number;
  }): Promise<Outcome<{ readonly hints: readonly DemandHint[]; readonly complete: boolean }>>;
}

/** The due index is spread over this many shards so that no key of it is hot (aws.md §5). */
export const DUE_SHARDS = 8;
/** Shards of runs, numbered after those of all else: runs with jobs of ours, and runs without. */
export const RUN_SHARDS = 4;
export const OWN_RUNS_FROM = DUE_SHARDS;
export const FOREIGN_RUNS_FROM = DUE_SHARDS + RUN_SHARDS;
/** The demand index of one shape is spread over this many shards. */
export const DEMAND_SHARDS = 4;
