import type { LaunchItem, Registration, RunnerItem, Target } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import type { LaunchedInstance } from '../ports/instances.ts';
import type { Act } from './job.ts';
import { expiryOf, FINISHED_GRACE_MS, REGISTRATION_LINGER_MS } from './spacing.ts';
import { emptyTimeline, record } from './timeline.ts';

export const RANK = { launched: 0, claimed: 1, online: 2, busy: 3, ended: 4 } as const;

/** Lease of a claim: longer than the function's time limit (20 s), so that only a dead function's lease runs out. */
export const CLAIM_LEASE_MS = 30_000;
/** A name that was asked for longer ago than this can no longer appear at GitHub: its function was killed before. */
export const ASKED_SETTLED_MS = 60_000;
/** The sweep ends an instance that outlived its lifetime; the agent does so itself first. */
const LIFETIME_SLACK_MS = 60_000;

const isRegistrationOpen = ({ state }: Registration): boolean => state !== 'gone';

/** When the sweep looks at the runner next: the earliest of its deadlines; null when nothing is left to do. */
export function runnerDue(runner: RunnerItem): number | null {
  const { at, rank, intent } = runner;
  const doomed = runner.registrations.filter(({ state }) => state === 'doomed');
  const clearing = doomed.map(({ at: askedAt }) => askedAt + ASKED_SETTLED_MS);
  if (rank === 'ended') {
    const isListed = runner.registrations.some(isRegistrationOpen);
    const lingering = isListed ? [...clearing, (at.ended ?? at.launched) + REGISTRATION_LINGER_MS] : [];
    const usage = usageDue(runner);
    const dues = usage === null ? lingering : [...lingering, usage];
    return dues.length === 0 ? null : Math.min(...dues);
  }
  const deadlines = [...clearing, at.launched + runner.rules.lifetimeMaxMs + LIFETIME_SLACK_MS];
  if (rank === 'launched') deadlines.push(claimDeadline(runner));
  if (at.finished !== null) deadlines.push(at.finished + runner.rules.graceMs + FINISHED_GRACE_MS);
  if (intent.end !== null) deadlines.push(intent.due ?? at.launched);
  return Math.min(...deadlines);
}

/** When the usage of an ended runner is written next; null: what is written is final, or it has not ended. */
export function usageDue({ rank, usage, at }: RunnerItem): number | null {
  if (rank !== 'ended') return null;
  return usage === undefined ? (at.ended ?? at.launched) : usage.due;
}

/** Its usage was written, or looked at and found unchanged. */
export const usageWritten = (
  runner: RunnerItem,
  usage: NonNullable<RunnerItem['usage']>,
  now: number,
): RunnerItem => settled({ ...runner, usage }, now);

/** Who has not asked by then never booted; who asks in time may be told to wait for as long again. */
export const claimDeadline = ({ at, claim, claimDeadlineMs }: RunnerItem): number =>
  claim.firstAt === null ? at.launched + claimDeadlineMs : claim.firstAt + 2 * claimDeadlineMs;

/** Facts of the runner that a reducer changes; the timeline entry and the next due time follow from it. */
function moved(
  runner: RunnerItem,
  change: Partial<RunnerItem>,
  act: Act & { reason: Reason; why?: string },
): RunnerItem {
  const next = { ...runner, ...change };
  const { now, by, reason, why } = act;
  const entry = {
    at: now,
    by,
    reason,
    from: runner.rank,
    to: next.rank,
    ...(why === undefined ? {} : { why }),
  };
  return settled({ ...next, timeline: record(runner.timeline, entry) }, now);
}

function settled(runner: RunnerItem, now: number): RunnerItem {
  const due = runnerDue(runner);
  const isClosed = runner.rank === 'ended' && due === null;
  return {
    ...runner,
    intent: { ...runner.intent, due },
    expiresAtSeconds: isClosed ? expiryOf(now) : null,
  };
}

/** The item of an instance that a launch gave. `unit` is what it is meant for; which job caused it is only a note. */
export function newRunner(
  launch: LaunchItem,
  instance: LaunchedInstance,
  unit: { readonly group: string; readonly cause: string | null; readonly target: Target },
  act: Act & { reason: Reason; launchedAt: number },
): RunnerItem {
  const { request } = launch;
  const fresh: RunnerItem = {
    v: SCHEMA_VERSION,
    rev: 0,
    kind: 'runner',
    instanceId: instance.instanceId,
    ticket: launch.ticket,
    pool: launch.pool,
    shape: launch.shape,
    instanceType: instance.instanceType,
    zone: instance.zone,
    market: instance.market,
    imageId: request?.imageId ?? '',
    templateVersion: request?.templateVersion ?? '',
    rank: 'launched',
    intent: { group: unit.group, cause: unit.cause, fence: null, leaseUntil: null, end: null, due: null },
    target: unit.target,
    rules: launch.rules,
    claimDeadlineMs: launch.claimDeadlineMs,
    claim: { firstAt: null, attempts: 0, bootHash: null, deliveredAt: null, reportTokenHash: null },
    registrations: [],
    job: null,
    verdict: null,
    notice: null,
    at: {
      launched: act.launchedAt,
      running: null,
      claimed: null,
      online: null,
      busy: null,
      finished: null,
      heartbeat: null,
      ended: null,
    },
    timeline: emptyTimeline(),
    expiresAtSeconds: null,
  };
  return moved(fresh, {}, act);
}

/** Every valid claim is counted; the first one fixes the boot random and the time that its age is judged by. */
export const claimSeen = (runner: RunnerItem, bootHash: string, now: number): RunnerItem =>
  settled(
    {
      ...runner,
      claim: {
        ...runner.claim,
        attempts: runner.claim.attempts + 1,
        firstAt: runner.claim.firstAt ?? now,
        bootHash: runner.claim.bootHash ?? bootHash,
      },
    },
    now,
  );

/** Names asked for by an earlier claim that never delivered: nobody may use them any more. */
const doomUndelivered = (registrations: readonly Registration[]): Registration[] =>
  registrations.map((one) =>
    one.state === 'asked' || one.state === 'registered' ? { ...one, state: 'doomed' } : one,
  );

/** Takes the fence for a claim and writes the fresh name before GitHub is asked for it. */
export function fenced(
  runner: RunnerItem,
  claim: { readonly fence: string; readonly name: string; readonly group: string; readonly target: Target },
  act: Act,
): RunnerItem {
  const reason = claim.group === runner.intent.group ? 'claim-fenced' : 'runner-switched';
  const asked: Registration = { name: claim.name, runnerId: null, state: 'asked', at: act.now };
  const change = {
    target: claim.target,
    registrations: [...doomUndelivered(runner.registrations), asked],
    intent: {
      ...runner.intent,
      group: claim.group,
      fence: claim.fence,
      leaseUntil: act.now + CLAIM_LEASE_MS,
    },
  };
  return moved(runner, change, { ...act, reason });
}

const withRegistration = (runner: RunnerItem, name: string, change: Partial<Registration>): RunnerItem => ({
  ...runner,
  registrations: runner.registrations.map((one) => (one.name === name ? { ...one, ...change } : one)),
});

/** GitHub's id of the name is stored before anything else happens with it. */
export const registered = (runner: RunnerItem, name: string, runnerId: string): RunnerItem =>
  withRegistration(runner, name, { runnerId, state: 'registered' });

/** The one write after which the answer may leave; only the holder of the fence makes it. */
export const delivered = (runner: RunnerItem, tokenHash: string, act: Act): RunnerItem =>
  moved(
    runner,
    {
      rank: RANK[runner.rank] < RANK.claimed ? 'claimed' : runner.rank,
      claim: { ...runner.claim, deliveredAt: act.now, reportTokenHash: tokenHash },
      at: { ...runner.at, claimed: act.now },
    },
    { ...act, reason: 'claimed' },
  );

/** A claim that ends without delivery: its name is doomed and the fence is given back. */
export const released = (runner: RunnerItem, act: Act & { reason: Reason }): RunnerItem =>
  moved(
    runner,
    {
      registrations: doomUndelivered(runner.registrations),
      intent: { ...runner.intent, fence: null, leaseUntil: null },
    },
    act,
  );

/**
 * Rank as reported from outside; a lower one than is known changes nothing and returns the same item. Which job it ran is
 * learnt even after its end: webhooks may come last, and the usage record needs it.
 */
export function ranked(
  runner: RunnerItem,
  rank: 'online' | 'busy',
  act: Act & { at?: number; job?: string | null },
): RunnerItem {
  const job = act.job ?? runner.job;
  const isNews = RANK[runner.rank] < RANK[rank] || job !== runner.job;
  if (!isNews) return runner;
  // A job that came while the runner was about to go idle: it is not finished after all.
  const isLateJob = rank === 'busy' && RANK[runner.rank] < RANK.busy;
  const finishedAt = isLateJob ? null : runner.at.finished;
  const times = { ...runner.at, finished: finishedAt, [rank]: runner.at[rank] ?? act.at ?? act.now };
  const to = RANK[runner.rank] < RANK[rank] ? rank : runner.rank;
  return moved(
    runner,
    { rank: to, job, at: times },
    { ...act, reason: rank === 'busy' ? 'runner-busy' : 'runner-online' },
  );
}

/** The Listener is over, by the agent's word or by GitHub's `completed`. */
export const finished = (runner: RunnerItem, act: Act & { reason: Reason; verdict?: string }): RunnerItem =>
  runner.rank === 'ended' || (runner.at.finished !== null && act.verdict === undefined)
    ? runner
    : moved(
        runner,
        {
          verdict: act.verdict ?? runner.verdict,
          at: { ...runner.at, finished: runner.at.finished ?? act.now },
        },
        act,
      );

/** We want it ended, and why; the first reason stays. */
export const endWanted = (runner: RunnerItem, act: Act & { reason: Reason }): RunnerItem =>
  runner.intent.end !== null || runner.rank === 'ended'
    ? runner
    : moved(runner, { intent: { ...runner.intent, end: act.reason, due: act.now } }, act);

export const noticed = (runner: RunnerItem, act: Act & { reason: Reason }): RunnerItem =>
  runner.notice !== null || runner.rank === 'ended'
    ? runner
    : moved(runner, { notice: { reason: act.reason, at: act.now } }, act);

/** The guard's word: a run whose job may start here; null: it may not, and the machine is to go. */
export function guarded(
  runner: RunnerItem,
  run: { readonly runId: string; readonly runAttempt: number } | null,
  act: Act & { reason: Reason },
): RunnerItem {
  if (runner.rank === 'ended') return runner;
  if (run === null) return endWanted(runner, act);
  const isKnown = runner.run?.runId === run.runId && runner.run.runAttempt === run.runAttempt;
  return isKnown ? runner : moved(ranked(runner, 'busy', act), { run }, act);
}

/** EC2 says the instance is gone or going: its compute is no longer billed. */
export const ended = (runner: RunnerItem, act: Act & { reason: Reason; at: number }): RunnerItem =>
  runner.rank === 'ended'
    ? runner
    : moved(runner, { rank: 'ended', at: { ...runner.at, ended: act.at } }, act);

/** A registration that GitHub no longer has. */
export const registrationGone = (runner: RunnerItem, name: string, now: number): RunnerItem =>
  settled(withRegistration(runner, name, { state: 'gone' }), now);
