import type { PriceBook } from '../contracts/prices.ts';
import type { UsageRecord } from '../contracts/usage.ts';
import type { Outcome } from './outcome.ts';

/** Records one call may carry. */
export const USAGE_BATCH_MAX = 500;

/** Where usage records go. At least once: a record may arrive twice, and readers take one of each revision. */
export interface UsageLake {
  /** Instance ids of the records that were taken; the others are to be sent again. At most USAGE_BATCH_MAX. */
  put(records: readonly UsageRecord[]): Promise<Outcome<readonly string[]>>;
}

export interface Prices {
  /** The newest price book; undefined when none was fetched yet. */
  book(): Promise<Outcome<PriceBook | undefined>>;
}
