import type { PoolItem, RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import { RANK } from './runner.ts';
import { CAPACITY_SPACING, HOLD_SPACING, spacingMs } from './spacing.ts';

/** This many machines in a row that never came online hold the pool: a broken image must not burn money all night. */
export const NEVER_ONLINE_MAX = 5;
/** A held pool launches one machine this often to find out whether it is mended. */
export const PROBE_EVERY_MS = 10 * 60_000;

export const freshPool = (pool: string): PoolItem => ({
  v: SCHEMA_VERSION,
  rev: 0,
  kind: 'pool',
  pool,
  live: 0,
  reservedAt: null,
  neverOnline: 0,
  probeAt: null,
  heldUntil: null,
  heldReason: null,
  heldTimes: 0,
});

export interface Room {
  readonly granted: number;
  /** Why not more; meaningful where less was granted than wanted. */
  readonly reason: Reason;
  readonly due: number;
  readonly pool: PoolItem;
}

const FULL_CHECK_MS = 30_000;

/** Reserves room for launches before they are made, so that the ceiling holds at every instant. */
export function reserve(pool: PoolItem, ask: { now: number; want: number; runnersMax: number }): Room {
  const { now, want, runnersMax } = ask;
  if (pool.heldUntil !== null && pool.heldUntil > now) {
    return { granted: 0, reason: pool.heldReason ?? 'pool-on-hold', due: pool.heldUntil, pool };
  }
  const free = Math.max(0, runnersMax - pool.live);
  if (pool.neverOnline >= NEVER_ONLINE_MAX) {
    const probeAt = pool.probeAt ?? now;
    if (probeAt > now || free === 0)
      return { granted: 0, reason: 'pool-on-hold', due: Math.max(probeAt, now + FULL_CHECK_MS), pool };
    const probing = { ...pool, live: pool.live + 1, reservedAt: now, probeAt: now + PROBE_EVERY_MS };
    return { granted: 1, reason: 'pool-on-hold', due: now + PROBE_EVERY_MS, pool: probing };
  }
  const granted = Math.min(want, free);
  return {
    granted,
    reason: 'pool-full',
    due: now + FULL_CHECK_MS,
    pool: { ...pool, live: pool.live + granted, reservedAt: now },
  };
}

/** Gives reserved room back: launches that were not made, or runners that ended. */
export const giveBack = (pool: PoolItem, count: number): PoolItem => ({
  ...pool,
  live: Math.max(0, pool.live - count),
});

/**
 * An account limit or a refusal holds all launches of the pool; each time in a row for longer. A limit that our own runners
 * use up is no fault: room comes back when one of them ends, so it is asked for at an even spacing.
 */
export function heldBack(pool: PoolItem, reason: Reason, now: number): PoolItem {
  if (reason === 'account-limit' && pool.live > 0)
    return { ...pool, heldUntil: now + CAPACITY_SPACING.baseMs, heldReason: reason };
  return {
    ...pool,
    heldUntil: now + spacingMs(pool.heldTimes, HOLD_SPACING.baseMs, HOLD_SPACING.maxMs),
    heldReason: reason,
    heldTimes: pool.heldTimes + 1,
  };
}

/** A launch was served: the account is in order again. Refused registrations show only later, at the claim. */
export const launchServed = (pool: PoolItem): PoolItem =>
  pool.heldTimes === 0 || pool.heldReason === 'registration-refused'
    ? pool
    : { ...pool, heldUntil: null, heldReason: null, heldTimes: 0 };

/** A runner of the pool came online: its image boots. */
export const cameOnline = (pool: PoolItem): PoolItem =>
  pool.neverOnline === 0 && pool.heldReason !== 'registration-refused'
    ? pool
    : { ...pool, neverOnline: 0, probeAt: null, heldUntil: null, heldReason: null, heldTimes: 0 };

/** Runners of the pool ended; `failedBoots` of them never came online, through no wish of ours. */
export const runnersEnded = (pool: PoolItem, count: number, failedBoots: number): PoolItem => ({
  ...giveBack(pool, count),
  neverOnline: pool.neverOnline + failedBoots,
});

/** Ends that say nothing against the image: we wanted them, or EC2 did. */
const BLAMELESS_ENDS: readonly Reason[] = [
  'not-needed',
  'runner-unused',
  'registration-refused',
  'stack-removed',
  'launches-stopped',
];

/** Whether a runner that ended never came online, through a fault of its image or of its pool's set-up. */
export const isFailedBoot = ({
  rank,
  intent,
  notice,
}: Pick<RunnerItem, 'rank' | 'intent' | 'notice'>): boolean =>
  RANK[rank] < RANK.online &&
  notice === null &&
  (intent.end === null || !BLAMELESS_ENDS.includes(intent.end));
