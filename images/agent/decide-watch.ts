import type { RunnerRules } from '../../lambdas/contracts/claim.ts';

/** Why the agent ends a Listener. */
export type StopReason = 'lifetime' | 'idle' | 'machine-stopping';

/** What the agent knows of its Listener. Times are epoch ms. */
export type Watch = {
  /** The lifetime counts from here. */
  readonly bootAt: number;
  readonly onlineAt: number | null;
  /** The Listener said that it takes a job; its Worker follows. */
  readonly hasJobTaken: boolean;
  readonly jobStartedAt: number | null;
  readonly jobEndedAt: number | null;
  readonly heartbeatDueAt: number;
  /** When to ask whether to end for want of a job. */
  readonly idleDueAt: number;
  readonly stop: { readonly why: StopReason; readonly at: number; readonly isKilled: boolean } | null;
};

export type WatchStep =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'heartbeat' }
  | { readonly do: 'ask-idle' }
  | { readonly do: 'stop'; readonly why: StopReason }
  | { readonly do: 'kill' }
  | { readonly do: 'abandon' };

export type WatchLimits = { readonly lookMs: number; readonly stopMaxMs: number };

/** Between "job taken" and the Worker's log lie some hundred ms: look again after this. */
const LOOK_SOON_MS = 1_000;
/** A killed process is gone at once, unless the kernel holds it; power off needs no more than this patience. */
const KILL_MAX_MS = 5_000;
/** Without an answer to the idle question the Listener stays: ask again after this. */
export const IDLE_RETRY_MS = 30_000;

export const newWatch = (bootAt: number, now: number, rules: RunnerRules): Watch => ({
  bootAt,
  onlineAt: null,
  hasJobTaken: false,
  jobStartedAt: null,
  jobEndedAt: null,
  heartbeatDueAt: now + rules.heartbeatMs,
  idleDueAt: now + rules.idleMaxMs,
  stop: null,
});

/** The next thing to do for a Listener that still runs. */
export function decideWatch(watch: Watch, rules: RunnerRules, at: WatchLimits & { now: number }): WatchStep {
  if (watch.stop !== null) return decideStopping(watch.stop, at);
  const lifetimeEndsAt = watch.bootAt + rules.lifetimeMaxMs;
  if (at.now >= lifetimeEndsAt) return { do: 'stop', why: 'lifetime' };
  const isIdle = watch.jobStartedAt === null && !watch.hasJobTaken;
  if (isIdle && at.now >= watch.idleDueAt) return { do: 'ask-idle' };
  if (at.now >= watch.heartbeatDueAt) return { do: 'heartbeat' };

  const dueAt = [lifetimeEndsAt, watch.heartbeatDueAt];
  if (isIdle) dueAt.push(watch.idleDueAt, at.now + at.lookMs);
  else if (watch.jobStartedAt === null) dueAt.push(at.now + Math.min(at.lookMs, LOOK_SOON_MS));
  return { do: 'wait', ms: Math.max(1, Math.min(...dueAt) - at.now) };
}

function decideStopping(stop: NonNullable<Watch['stop']>, at: WatchLimits & { now: number }): WatchStep {
  const killAt = stop.at + at.stopMaxMs;
  if (!stop.isKilled) return at.now >= killAt ? { do: 'kill' } : { do: 'wait', ms: killAt - at.now };
  const abandonAt = killAt + KILL_MAX_MS;
  return at.now >= abandonAt ? { do: 'abandon' } : { do: 'wait', ms: abandonAt - at.now };
}
