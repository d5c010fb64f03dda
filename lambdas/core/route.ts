import type { Reason } from '../contracts/reasons.ts';
import type { Pool, Settings } from '../contracts/settings.ts';
import { LABEL_CHARS } from '../contracts/text.ts';

/** The first part of a composite label: `mayfly/<pool>/key=value…`. */
export const COMPOSITE_PREFIX = 'mayfly/';

export type Route =
  | { readonly to: 'pool'; readonly pool: Pool; readonly labels: readonly string[] }
  /** No pool of ours is meant: another provider's job, not ours to judge. */
  | { readonly to: 'ignore'; readonly reason: Reason }
  /** Our pools are meant, and the request cannot be served. */
  | { readonly to: 'deny'; readonly reason: Reason };

/** Labels compare without case at GitHub and in every orchestrator; the sorted set is what a group is keyed by. */
export const normalLabels = (labels: readonly string[]): readonly string[] =>
  [...new Set(labels.map((label) => label.toLowerCase()))].sort();

/**
 * Which pool a job's labels name: they are a subset of the pool's labels and include its key label, or they are
 * `mayfly/<pool>` alone. Labels request; they never grant.
 */
export function route(labels: readonly string[], settings: Settings): Route {
  const wanted = normalLabels(labels);
  const composite = wanted.filter((label) => label.startsWith(COMPOSITE_PREFIX));
  if (composite.length > 0) return routeComposite(wanted, composite, settings);
  const fitting = settings.pools.filter((pool) => serves(pool, wanted));
  if (fitting.length > 1) return { to: 'deny', reason: 'label-ambiguous' };
  const pool = fitting[0];
  if (pool !== undefined) return { to: 'pool', pool, labels: wanted };
  const odd = wanted.some((label) => !LABEL_CHARS.test(label));
  return { to: 'ignore', reason: odd ? 'label-charset' : 'label-unknown' };
}

const serves = (pool: Pool, wanted: readonly string[]): boolean =>
  wanted.includes(pool.keyLabel) && wanted.every((label) => pool.labels.includes(label));

/** A pool by its plain composite name; sizes and markets (`/cpu=8…`) are denied until a pool can bound them. */
function routeComposite(wanted: readonly string[], composite: readonly string[], settings: Settings): Route {
  const [label] = composite;
  if (wanted.length !== 1 || label === undefined) return { to: 'deny', reason: 'composite-unsupported' };
  const pool = settings.pools.find(({ name }) => label === `${COMPOSITE_PREFIX}${name}`);
  if (pool === undefined) return { to: 'deny', reason: 'composite-unsupported' };
  return { to: 'pool', pool, labels: wanted };
}
