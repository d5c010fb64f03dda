import { type Answer, refusal } from './answer.ts';
import { type State, strikes } from './state.ts';
import type * as T from './types.ts';

export type Bucket = 'core' | 'actions_runner_registration';

/** What was used since a window opened. */
export interface Window {
  startedAt: number;
  used: number;
}

export interface RateStanding {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** Epoch seconds. */
  readonly reset: number;
}

const limitOf = (state: State, bucket: Bucket): number =>
  bucket === 'core' ? state.limits.coreMax : state.limits.registrationMax;

/** The fixed window that `now` falls in; GitHub's own windows begin with the first call after the last one ended. */
function windowOf(
  state: State,
  what: { readonly key: string; readonly lengthMs: number },
  now: number,
): Window {
  const known = state.windows.get(what.key);
  if (known !== undefined && now < known.startedAt + what.lengthMs) return known;
  const fresh: Window = { startedAt: now, used: 0 };
  state.windows.set(what.key, fresh);
  return fresh;
}

const primaryOf = (state: State, which: { readonly caller: string; readonly bucket: Bucket }, now: number) =>
  windowOf(state, { key: `${which.bucket} ${which.caller}`, lengthMs: state.limits.primaryWindowMs }, now);

/** How much of a primary quota is left. */
export function standingOf(
  state: State,
  which: { readonly caller: string; readonly bucket: Bucket },
  now: number,
): RateStanding {
  const { startedAt, used } = primaryOf(state, which, now);
  const limit = limitOf(state, which.bucket);
  const reset = Math.ceil((startedAt + state.limits.primaryWindowMs) / 1_000);
  return { limit, used, remaining: Math.max(0, limit - used), reset };
}

export function rateHeaders(standing: RateStanding, bucket: Bucket): Answer['headers'] {
  return {
    'x-ratelimit-limit': String(standing.limit),
    'x-ratelimit-remaining': String(standing.remaining),
    'x-ratelimit-reset': String(standing.reset),
    'x-ratelimit-used': String(standing.used),
    'x-ratelimit-resource': bucket,
  };
}

export interface Cost {
  /** `app` or `installation <id>`: whose quota it is. */
  readonly caller: string;
  /** Primary buckets drawn from; none for GET /rate_limit. */
  readonly buckets: readonly Bucket[];
  /** Secondary points: 1 for a read, 5 for a write. */
  readonly points: number;
}

/** Takes a call's cost, or says why it must wait. A refused call costs nothing. */
export function charge(state: State, cost: Cost, now: number): Answer | undefined {
  const { caller, buckets, points } = cost;
  const { pointsMax, pointsWindowMs } = state.limits;
  const minute = windowOf(state, { key: `points ${caller}`, lengthMs: pointsWindowMs }, now);
  if (minute.used + points > pointsMax) {
    return secondaryRefusal(
      state,
      { key: `points ${caller}`, until: minute.startedAt + pointsWindowMs },
      now,
    );
  }
  for (const bucket of buckets) {
    const standing = standingOf(state, { caller, bucket }, now);
    if (standing.remaining > 0) continue;
    return refusal(403, `API rate limit exceeded for ${caller}.`, rateHeaders(standing, bucket));
  }
  minute.used += points;
  for (const bucket of buckets) primaryOf(state, { caller, bucket }, now).used += 1;
  return undefined;
}

/** A 304 costs no primary quota. */
export function refund(state: State, cost: Cost, now: number): void {
  for (const bucket of cost.buckets) primaryOf(state, { caller: cost.caller, bucket }, now).used -= 1;
}

/** Counts a registration against its scope, which all Apps share; an answer means it must wait. */
export function chargeRegistration(state: State, scope: T.Scope, now: number): Answer | undefined {
  const { scopeRegistrationsMax, scopeRegistrationsWindowMs: lengthMs } = state.limits;
  const key = `registrations ${scope.key}`;
  const window = windowOf(state, { key, lengthMs }, now);
  if (window.used >= scopeRegistrationsMax) {
    return secondaryRefusal(state, { key, until: window.startedAt + lengthMs }, now);
  }
  window.used += 1;
  return undefined;
}

/** 403 or 429, with or without retry-after: GitHub documents all four. */
function secondaryRefusal(
  state: State,
  wait: { readonly key: string; readonly until: number },
  now: number,
): Answer {
  const key = `${wait.key} ${now}`;
  const status = state.draw(`secondary status ${key}`) < 0.5 ? 403 : 429;
  const seconds = Math.max(1, Math.ceil((wait.until - now) / 1_000));
  const isOmitted = strikes(state, state.faults.retryAfterOmitted, `retry-after ${key}`);
  return refusal(
    status,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    isOmitted ? {} : { 'retry-after': String(seconds) },
  );
}
