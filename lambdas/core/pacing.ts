import type { BudgetItem } from '../contracts/ledger.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';

/** A token bucket: `capacity` tokens at most, `perSecond` come back. */
export interface Bucket {
  readonly capacity: number;
  readonly perSecond: number;
}

/** EC2 resource tokens for launches: 1,000 and 2 per second per account and region (aws.md §2.1). */
export const LAUNCH_BUCKET: Bucket = { capacity: 1_000, perSecond: 2 };
/** ModifyInstanceMetadataOptions: 100 and 5 per second (aws.md §2.1); each claim draws one. */
export const METADATA_BUCKET: Bucket = { capacity: 100, perSecond: 5 };
/**
 * JIT registrations per installation: 900 points a minute at 5 per write, so 180 (github-protocol §5.1). A tenth is left
 * for deregistrations and look-ups.
 */
export const MINT_BUCKET: Bucket = { capacity: 160, perSecond: 160 / 60 };

/** Launches may count on tokens that come back until their instances claim: one sweep period plus the boot median. */
export const LOOK_AHEAD_MS = 60_000 + 20_000;
/** A booting instance that has not claimed by then gives its promise back: the claim deadline of the pools' default. */
const PROMISE_KEPT_MS = 5 * 60_000;

export const freshBudget = (name: string, bucket: Bucket, now: number): BudgetItem => ({
  v: SCHEMA_VERSION,
  rev: 0,
  kind: 'budget',
  name,
  tokens: bucket.capacity,
  at: now,
  promised: [],
  closedUntil: null,
});

/** Brings the bucket to `now`. A clock that ran backwards refills nothing and takes nothing away. */
function refilled(budget: BudgetItem, bucket: Bucket, now: number): BudgetItem {
  const passedMs = Math.max(0, now - budget.at);
  const tokens = Math.min(bucket.capacity, budget.tokens + (passedMs / 1000) * bucket.perSecond);
  const promised = budget.promised.filter(({ until }) => until > now);
  const isOpen = budget.closedUntil === null || budget.closedUntil <= now;
  return {
    ...budget,
    tokens,
    at: Math.max(budget.at, now),
    promised,
    closedUntil: isOpen ? null : budget.closedUntil,
  };
}

export interface Grant {
  readonly granted: number;
  /** When at least one more token will be there, in ms from now. */
  readonly retryAfterMs: number;
  readonly budget: BudgetItem;
}

/** Draws up to `want` tokens now: for what is spent by the call itself. */
export function draw(budget: BudgetItem, bucket: Bucket, ask: { now: number; want: number }): Grant {
  const at = refilled(budget, bucket, ask.now);
  if (at.closedUntil !== null) return { granted: 0, retryAfterMs: at.closedUntil - ask.now, budget: at };
  const granted = Math.max(0, Math.min(ask.want, Math.floor(at.tokens)));
  const left = { ...at, tokens: at.tokens - granted };
  return { granted, retryAfterMs: msUntil(left.tokens, 1, bucket), budget: left };
}

/**
 * Draws up to `want` tokens of a budget that is only spent once the instances have booted, and that nobody redeems then:
 * the bucket may be overdrawn by what comes back until that time.
 */
export function drawAhead(budget: BudgetItem, bucket: Bucket, ask: { now: number; want: number }): Grant {
  const at = refilled(budget, bucket, ask.now);
  const ahead = at.tokens + (LOOK_AHEAD_MS / 1000) * bucket.perSecond;
  const granted = Math.max(0, Math.min(ask.want, Math.floor(ahead)));
  return {
    granted,
    retryAfterMs: msUntil(ahead - granted, 1, bucket),
    budget: { ...at, tokens: at.tokens - granted },
  };
}

/**
 * Promises up to `want` tokens to instances that will ask for them once they have booted: as many as the bucket will hold
 * by then, less what booting instances were promised before. Launches never outrun what can be claimed.
 */
export function promise(budget: BudgetItem, bucket: Bucket, ask: { now: number; want: number }): Grant {
  const at = refilled(budget, bucket, ask.now);
  if (at.closedUntil !== null && at.closedUntil > ask.now + LOOK_AHEAD_MS) {
    return { granted: 0, retryAfterMs: at.closedUntil - ask.now - LOOK_AHEAD_MS, budget: at };
  }
  const ahead = at.tokens + (LOOK_AHEAD_MS / 1000) * bucket.perSecond;
  const owed = at.promised.reduce((sum, { count }) => sum + count, 0);
  const granted = Math.max(0, Math.min(ask.want, Math.floor(ahead - owed)));
  const promised =
    granted > 0 ? [...at.promised, { count: granted, until: ask.now + PROMISE_KEPT_MS }] : at.promised;
  const retryAfterMs = msUntil(ahead - owed - granted, 1, bucket);
  return { granted, retryAfterMs, budget: { ...at, promised } };
}

/** Redeems one promise: a claim draws the token that its launch was promised. */
export function redeem(budget: BudgetItem, bucket: Bucket, now: number): Grant {
  const drawn = draw(budget, bucket, { now, want: 1 });
  if (drawn.granted === 0) return drawn;
  return { ...drawn, budget: { ...drawn.budget, promised: withoutOne(drawn.budget.promised) } };
}

/** The oldest promise is the one most likely to be asked for. */
function withoutOne(promised: BudgetItem['promised']): BudgetItem['promised'] {
  const [oldest, ...rest] = promised;
  if (oldest === undefined) return [];
  return oldest.count > 1 ? [{ ...oldest, count: oldest.count - 1 }, ...rest] : rest;
}

const msUntil = (tokens: number, want: number, bucket: Bucket): number =>
  tokens >= want ? 0 : Math.ceil(((want - tokens) / bucket.perSecond) * 1000);

/** GitHub asked for a pause: no call of this budget before its end. */
export const closed = (budget: BudgetItem, until: number): BudgetItem => ({
  ...budget,
  closedUntil: Math.max(until, budget.closedUntil ?? 0),
});

/** Budget names: one per account for launches, per installation for mints, per scope for registrations. */
export const BUDGET = {
  launch: 'launch',
  metadata: 'metadata',
  mint: (installationId: string) => `mint.${installationId}`,
} as const;
