import type { PriceBook } from '../contracts/prices.ts';
import type { UsageRecord } from '../contracts/usage.ts';
import { STATIC_TABLE_AT, staticPrice } from './price-tables.ts';

export interface Price {
  readonly microUsdPerHour: number;
  readonly source: UsageRecord['price_source'];
  readonly at: number;
  readonly isEstimated: boolean;
}

export interface Offer {
  readonly instanceType: string;
  readonly zone: string;
  readonly market: 'spot' | 'on-demand';
}

/** The price of an offer over [from, to], from the best source that knows it. A gap is told by `source` and `isEstimated`. */
export function priceOf(
  offer: Offer,
  span: { readonly from: number; readonly to: number },
  book: PriceBook | undefined,
): Price {
  const listed = book && (offer.market === 'spot' ? spotPrice(offer, span, book) : listPrice(offer, book));
  if (listed !== undefined) return listed;
  const known = staticPrice(offer.instanceType, offer.market);
  return {
    microUsdPerHour: known ?? 0,
    source: known === undefined ? 'none' : 'static-table',
    at: STATIC_TABLE_AT,
    isEstimated: true,
  };
}

function listPrice({ instanceType }: Offer, { onDemand, at }: PriceBook): Price | undefined {
  const microUsdPerHour = onDemand[instanceType];
  return microUsdPerHour === undefined
    ? undefined
    : { microUsdPerHour, source: 'on-demand-list', at, isEstimated: false };
}

/**
 * The spot price weighted by time over the span. Exact when the book was fetched after its end and knows a change at or
 * before its beginning; otherwise the nearest known price stands in and the price is marked as estimated.
 */
function spotPrice(
  { instanceType, zone }: Offer,
  { from, to }: { readonly from: number; readonly to: number },
  book: PriceBook,
): Price | undefined {
  const changes = book.spot[`${instanceType}/${zone}`] ?? [];
  const [first] = changes;
  if (first === undefined) return undefined;
  const isEstimated = book.at < to || first[0] > from;
  const base = { source: 'spot-history' as const, at: book.at, isEstimated };
  if (to <= from) return { ...base, microUsdPerHour: priceAt(changes, from) ?? first[1] };
  const steps = [from, ...changes.map(([at]) => at).filter((at) => at > from && at < to), to];
  const sum = steps.slice(1).reduce((all, end, index) => {
    const start = steps[index] ?? from;
    return all + (end - start) * (priceAt(changes, start) ?? first[1]);
  }, 0);
  return { ...base, microUsdPerHour: Math.round(sum / (to - from)) };
}

const priceAt = (changes: PriceBook['spot'][string], at: number): number | undefined =>
  changes.findLast(([since]) => since <= at)?.[1];
