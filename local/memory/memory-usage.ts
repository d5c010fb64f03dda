import type { PriceBook } from '../../lambdas/contracts/prices.ts';
import type { UsageRecord } from '../../lambdas/contracts/usage.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import type { Prices, UsageLake } from '../../lambdas/ports/usage.ts';

export interface MemoryUsage extends UsageLake {
  /** All that was written, doubles and revisions included. */
  readonly records: UsageRecord[];
}

/** A lake that keeps every record. */
export function createMemoryUsage(): MemoryUsage {
  const records: UsageRecord[] = [];
  return {
    records,
    put: async (more) => {
      records.push(...more);
      return done(more.map(({ instance_id }) => instance_id));
    },
  };
}

/** Prices as fetched; nothing was, unless told. */
export const createMemoryPrices = (book?: PriceBook): Prices => ({ book: async () => done(book) });
