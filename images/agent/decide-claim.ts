import { type ClaimGranted, claimGranted, claimLater } from '../../lambdas/contracts/claim.ts';
import { spacing } from './decide-spacing.ts';
import type { HttpAnswer } from './http.ts';
import type { Timings } from './settings.ts';

/** What the agent remembers between two tries of its claim. */
export type ClaimTrack = {
  readonly startedAt: number;
  readonly triesTotal: number;
  /** The answer that keeps coming, since when (epoch ms) and how often in a row. */
  readonly streak: { readonly kind: StreakKind; readonly since: number; readonly tries: number } | null;
};
type StreakKind = 'refused' | 'unreachable' | 'later';

/** What to do after one answer. */
export type ClaimStep =
  | { readonly do: 'go-on'; readonly granted: ClaimGranted }
  | { readonly do: 'ask-again'; readonly afterMs: number; readonly track: ClaimTrack }
  | { readonly do: 'power-off'; readonly why: string };

/** Time, chance and bounds of one decision. */
export type ClaimMoment = {
  readonly now: number;
  readonly fraction: number;
  readonly limits: Pick<Timings, 'claimMaxMs' | 'unreachableMaxMs' | 'refusedMaxMs'>;
};

/** A bound by time counts only after so many tries: the clock may leap forward once while the machine boots. */
const TRIES_MIN = 5;
/** And time may leap back, so tries are bounded too: 10 min at the shortest spacing. */
const TRIES_MAX = 1_200;
/** An answer "ask again at once" is still spaced by this. */
const LATER_MIN_MS = 500;
/** Longest wait between tries that got no answer: three fit into a minute. */
const UNREACHABLE_SPACING_MAX_MS = 20_000;
/** Longest wait between refused tries: about a dozen tries within their 90 s. */
const REFUSED_SPACING_MAX_MS = 10_000;
/** Those told the same moment come back spread over a quarter of their wait. */
const LATER_SPREAD = 0.25;

export const newClaimTrack = (now: number): ClaimTrack => ({ startedAt: now, triesTotal: 0, streak: null });

/** What an answer to the claim means. `undefined` stands for no answer. */
export function decideClaim(track: ClaimTrack, answer: HttpAnswer | undefined, at: ClaimMoment): ClaimStep {
  switch (answer?.status) {
    case 200:
      return onGranted(answer.body);
    case 410:
      return { do: 'power-off', why: 'not needed' };
    case 403:
      return again(track, 'refused', at);
    case 429: {
      const later = claimLater.safeParse(jsonOf(answer.body));
      return later.success
        ? again(track, 'later', at, later.data.retryAfterMs)
        : again(track, 'unreachable', at);
    }
    default:
      return again(track, 'unreachable', at);
  }
}

/** A delivery that cannot be read is lost: GitHub would refuse its repeat, so the machine ends and is replaced. */
function onGranted(body: string): ClaimStep {
  const granted = claimGranted.safeParse(jsonOf(body));
  return granted.success
    ? { do: 'go-on', granted: granted.data }
    : { do: 'power-off', why: 'the claim was granted in a form this agent cannot read' };
}

function again(track: ClaimTrack, kind: StreakKind, at: ClaimMoment, askedMs = 0): ClaimStep {
  const before = track.streak?.kind === kind ? track.streak : { kind, since: at.now, tries: 0 };
  const streak = { ...before, tries: before.tries + 1 };
  const next: ClaimTrack = { ...track, triesTotal: track.triesTotal + 1, streak };
  const why = exhausted(next, streak, at);
  if (why !== undefined) return { do: 'power-off', why };
  return { do: 'ask-again', afterMs: waitMs(streak, at.fraction, askedMs), track: next };
}

function exhausted(track: ClaimTrack, streak: NonNullable<ClaimTrack['streak']>, at: ClaimMoment) {
  if (track.triesTotal >= TRIES_MAX) return `no delivery after ${TRIES_MAX} tries`;
  const { claimMaxMs, unreachableMaxMs, refusedMaxMs } = at.limits;
  const spent = (since: number, tries: number, maxMs: number) =>
    tries >= TRIES_MIN && at.now - since >= maxMs;
  if (spent(track.startedAt, track.triesTotal, claimMaxMs)) return `no delivery within ${claimMaxMs} ms`;
  if (streak.kind === 'refused' && spent(streak.since, streak.tries, refusedMaxMs)) {
    return `refused for ${refusedMaxMs} ms`;
  }
  if (streak.kind === 'unreachable' && spent(streak.since, streak.tries, unreachableMaxMs)) {
    return `no usable answer for ${unreachableMaxMs} ms`;
  }
  return undefined;
}

function waitMs(streak: { kind: StreakKind; tries: number }, fraction: number, askedMs: number): number {
  switch (streak.kind) {
    case 'later':
      return Math.max(LATER_MIN_MS, Math.round(askedMs * (1 + LATER_SPREAD * fraction)));
    case 'refused':
      return spacing(streak.tries, REFUSED_SPACING_MAX_MS, fraction);
    case 'unreachable':
      return spacing(streak.tries, UNREACHABLE_SPACING_MAX_MS, fraction);
  }
}

/** Undefined for text that is no JSON. The text itself must not travel on: a parser's message would quote it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
