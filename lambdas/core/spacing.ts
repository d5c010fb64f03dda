/**
 * Growing spacing for things that are tried again: `baseMs` doubled per try, at most `maxMs`. GitHub drops a job after
 * 24 hours, so tries are bounded by time and not by count.
 */
export const spacingMs = (tries: number, baseMs: number, maxMs: number): number =>
  Math.min(maxMs, baseMs * 2 ** Math.min(tries, 20));

const MINUTE = 60_000;

/** How long a launch may take to bear a running job before the group is compared again: boot, claim and pick-up. */
export const LAUNCH_CHECK_MS = 90_000;
/** Waiting jobs without capacity: offers are remembered 3 minutes (aws.md §1.3), so asking sooner only burns tokens. */
export const CAPACITY_SPACING = { baseMs: 20_000, maxMs: 3 * MINUTE } as const;
/** A job that no runner took although machines came: each further machine is wasted money. */
export const RELAUNCH_SPACING = { baseMs: LAUNCH_CHECK_MS, maxMs: 30 * MINUTE } as const;
/** Account limits and refused requests: a person must act; probe, do not hammer. */
export const HOLD_SPACING = { baseMs: 2 * MINUTE, maxMs: 30 * MINUTE } as const;
/** A fact that could not be fetched: GitHub outages last minutes. */
export const FACT_SPACING = { baseMs: 10_000, maxMs: 5 * MINUTE } as const;
/** EC2 says nothing certain about an unsure launch for this long (tags may lag): absence means unknown until then. */
export const UNSURE_LAUNCH_MS = 60_000;
/** An unsure launch is looked for this soon: its instances claim within 90 s of their boot, and need their records. */
export const UNSURE_LOOK_MS = 15_000;
/** An instance younger than this may be missing from any list (Karpenter's garbage collector uses the same). */
export const YOUNG_INSTANCE_MS = 30_000;
/** GitHub drops a queued job after this long. */
export const QUEUE_TIME_MAX_MS = 24 * 60 * MINUTE;
/** Closed items stay this long: longer than any redelivery (3 days) or dead-letter retention (14 days). */
export const CLOSED_ITEM_KEPT_MS = 21 * 24 * 60 * MINUTE;
/** Between the end of the job and the power off the agent waits its grace; the sweep ends what is still there after this. */
export const FINISHED_GRACE_MS = 2 * MINUTE;
/** A registration still listed this long after its runner ended is deleted; before, GitHub removes it by itself. */
export const REGISTRATION_LINGER_MS = 10 * MINUTE;

export const expiryOf = (closedAt: number): number => Math.floor((closedAt + CLOSED_ITEM_KEPT_MS) / 1000);
