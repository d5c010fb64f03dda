import * as z from 'zod/mini';
import { epochMs, SCHEMA_VERSION } from './text.ts';

const microUsdPerHour = z.int().check(z.positive());

/** What EC2 costs, as fetched: one JSON object in the lake's bucket, replaced twice a day. */
export const priceBook = z.object({
  v: z.literal(SCHEMA_VERSION),
  at: epochMs,
  /** By instance type: Linux, shared tenancy, this Region. */
  onDemand: z.record(z.string(), microUsdPerHour),
  /** By `<type>/<zone>`: changes, oldest first; the first may be older than the range that was asked for. */
  spot: z.record(z.string(), z.array(z.tuple([epochMs, microUsdPerHour]))),
});
export type PriceBook = z.infer<typeof priceBook>;

/** Where it lies in the bucket. */
export const PRICE_BOOK_KEY = 'prices/latest.json';
