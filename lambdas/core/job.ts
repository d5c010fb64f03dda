import type { JobEvent } from '../contracts/job-event.ts';
import type { JobItem, TimelineEntry } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import { normalLabels } from './route.ts';
import { expiryOf, LAUNCH_CHECK_MS, RELAUNCH_SPACING, spacingMs } from './spacing.ts';
import { emptyTimeline, record } from './timeline.ts';

/** Who acts, and when. */
export interface Act {
  readonly now: number;
  readonly by: TimelineEntry['by'];
}

const FACT_RANK = { queued: 0, running: 1, completed: 2 } as const;

/** A dispatch that died after its first write is repaired by the sweep after this: longer than its time limit (15 s). */
const SEEN_DUE_MS = 30_000;
/** A running job whose `completed` is late is asked about at GitHub this often: most jobs end sooner. */
export const RUNNING_CHECK_MS = 60 * 60_000;

/** One word for where a job stands, for timelines and people. */
export const stateOf = (job: Pick<JobItem, 'fact' | 'outcome' | 'intent'>): string =>
  job.fact !== 'queued' ? job.fact : job.outcome !== 'open' ? job.outcome : job.intent.step;

/** Whether the job wants a machine: the demand that supply is compared with. */
export const isOpen = (job: JobItem): boolean =>
  job.fact === 'queued' &&
  job.outcome === 'open' &&
  (job.intent.step === 'waiting' || job.intent.step === 'launching');

function moved(job: JobItem, change: Partial<JobItem>, act: Act & { reason: Reason; why?: string }): JobItem {
  const next = { ...job, ...change };
  const { now: at, by, reason, why } = act;
  const entry = {
    at,
    by,
    reason,
    from: stateOf(job),
    to: stateOf(next),
    ...(why === undefined ? {} : { why }),
  };
  return { ...next, timeline: record(job.timeline, entry) };
}

/** The item as the first event about the job makes it, whichever event that is. */
export function newJob(event: JobEvent, act: Act): JobItem {
  const seen: JobItem = {
    v: SCHEMA_VERSION,
    rev: 0,
    kind: 'job',
    jobId: event.jobId,
    runId: event.runId,
    runAttempt: event.runAttempt,
    repository: event.repository,
    installationId: event.installationId,
    labels: [...normalLabels(event.labels)],
    name: event.name,
    workflowName: event.workflowName,
    senderLogin: event.senderLogin,
    ...(event.environment === undefined ? {} : { environment: event.environment }),
    checkedAt: null,
    fact: 'queued',
    outcome: 'open',
    intent: { attempt: 0, step: 'none', ticket: null, due: null, reason: 'received' },
    pool: null,
    shape: null,
    group: null,
    runner: null,
    conclusion: null,
    at: { queued: event.createdAt, received: act.now, admitted: null, started: null, completed: null },
    timeline: emptyTimeline(),
    expiresAtSeconds: null,
  };
  return take(seen, event, act);
}

/**
 * Folds an event into the item. Facts only move forward, so a late, doubled or reordered event changes nothing; the
 * same item comes back then, which is how a caller knows.
 */
export function take(job: JobItem, event: JobEvent, act: Act): JobItem {
  if (event.action === 'completed') return completed(job, event, act);
  if (event.action === 'in_progress') return running(job, event, act);
  if (job.fact !== 'queued') return job;
  if (event.environment && !job.environment)
    return take({ ...job, environment: event.environment }, event, act);
  const isHeldByGitHub = event.action === 'waiting' || event.status !== 'queued';
  if (job.outcome !== 'open') return isHeldByGitHub ? job : reopened(job, act);
  if (job.intent.step !== 'none') return job;
  if (isHeldByGitHub) {
    const isKnown = job.intent.reason === 'waiting-for-approval';
    return isKnown
      ? job
      : moved(job, intentOf(job, { reason: 'waiting-for-approval' }), because(act, 'waiting-for-approval'));
  }
  return moved(
    job,
    intentOf(job, { step: 'held', due: act.now + SEEN_DUE_MS, reason: 'received' }),
    because(act, 'received'),
  );
}

/** A refusal stands until GitHub says again that the job is queued: the configuration may have changed since. */
const reopened = (job: JobItem, act: Act): JobItem =>
  moved(
    job,
    {
      outcome: 'open',
      expiresAtSeconds: null,
      ...intentOf(job, { step: 'held', due: act.now + SEEN_DUE_MS, reason: 'received' }),
    },
    because(act, 'received'),
  );

const because = (act: Act, reason: Reason, why?: string) => ({
  ...act,
  reason,
  ...(why === undefined ? {} : { why }),
});

const intentOf = (job: JobItem, change: Partial<JobItem['intent']>): Pick<JobItem, 'intent'> => ({
  intent: { ...job.intent, ...change },
});

function running(job: JobItem, event: JobEvent, act: Act): JobItem {
  if (FACT_RANK[job.fact] >= FACT_RANK.running) return job;
  const change = {
    fact: 'running' as const,
    runner: runnerNamed(event.runnerName),
    at: { ...job.at, started: event.startedAt ?? act.now },
    ...intentOf(job, { step: 'none', ticket: null, due: act.now + RUNNING_CHECK_MS, reason: 'job-running' }),
  };
  return moved(job, change, because(act, 'job-running'));
}

function completed(job: JobItem, event: JobEvent, act: Act): JobItem {
  if (job.fact === 'completed') return job;
  const completedAt = event.completedAt ?? act.now;
  const change = {
    fact: 'completed' as const,
    conclusion: event.conclusion,
    runner: job.runner ?? runnerNamed(event.runnerName),
    at: { ...job.at, started: job.at.started ?? event.startedAt, completed: completedAt },
    ...intentOf(job, { step: 'none', ticket: null, due: null, reason: 'job-completed' }),
    expiresAtSeconds: expiryOf(act.now),
  };
  return moved(job, change, because(act, 'job-completed'));
}

const runnerNamed = (name: string | null): JobItem['runner'] =>
  name === null ? null : { name, instanceId: instanceOfRunnerName(name) };

/** `mayfly-<stack id>-<instance id>-<4 random>`: the name itself tells which instance runs the job. */
export function instanceOfRunnerName(name: string, stackId?: string): string | null {
  const parts = /^mayfly-([a-z0-9]{8})-(i-[0-9a-f]{8,17})-[a-z0-9]{4}$/.exec(name);
  if (parts === null || (stackId !== undefined && parts[1] !== stackId)) return null;
  return parts[2] ?? null;
}

/** A job that no pool of ours is meant to serve, or that must not be served. Closed until a newer fact reopens it. */
export const refuse = (
  job: JobItem,
  outcome: 'denied' | 'ignored',
  act: Act & { reason: Reason; why?: string },
): JobItem =>
  moved(
    job,
    {
      outcome,
      ...intentOf(job, { step: 'none', ticket: null, due: null, reason: act.reason }),
      expiresAtSeconds: expiryOf(act.now),
    },
    act,
  );

/** Admission is open: a fact is missing. */
export const hold = (job: JobItem, act: Act & { reason: Reason; due: number; why?: string }): JobItem =>
  moved(job, intentOf(job, { step: 'held', ticket: null, due: act.due, reason: act.reason }), act);

export interface Place {
  readonly pool: string;
  readonly shape: string;
  readonly group: string;
}

/** Admitted, and no machine can be launched for it now: it waits in its group, with the reason and the next try. */
export const wait = (job: JobItem, place: Place, act: Act & { reason: Reason; due: number }): JobItem =>
  moved(
    job,
    {
      ...place,
      at: admittedAt(job, act),
      ...intentOf(job, { step: 'waiting', ticket: null, due: act.due, reason: act.reason }),
    },
    act,
  );

const admittedAt = (job: JobItem, act: Act): JobItem['at'] => ({
  ...job.at,
  admitted: job.at.admitted ?? act.now,
});

/**
 * A launch is about to be made for this attempt: whoever writes this first makes it. Neither a launch that gave nothing nor a
 * machine that another job took makes the next look later; machines that idled out do.
 */
export const launching = (job: JobItem, place: Place, act: Act & { ticket: string }): JobItem => {
  const idled = idledOf(job);
  const change = {
    ...place,
    intent: {
      attempt: job.intent.attempt + 1,
      step: 'launching' as const,
      ticket: act.ticket,
      due: act.now + relaunchMs(idled),
      idled,
      reason: 'launch-requested' as const,
    },
  };
  return moved(job, change, because(act, 'launch-requested', act.ticket));
};

const idledOf = ({ intent }: JobItem): number => intent.idled ?? 0;

const relaunchMs = (idled: number): number =>
  spacingMs(idled, RELAUNCH_SPACING.baseMs, RELAUNCH_SPACING.maxMs);

/**
 * The machine that was launched for the job idled out: GitHub holds the job back, as a concurrency group does. Each further
 * machine would idle as well, so the next comes later and later.
 */
export const idledOut = (job: JobItem, act: Act): JobItem => {
  if (!isOpen(job)) return job;
  const idled = idledOf(job) + 1;
  const change = { step: 'waiting' as const, ticket: null, due: act.now + relaunchMs(idled), idled };
  return moved(job, intentOf(job, { ...change, reason: 'runner-unused' }), because(act, 'runner-unused'));
};

/** The launch gave this job nothing: it waits, with the reason and the time of the next try. */
export const waitAgain = (job: JobItem, act: Act & { reason: Reason; due: number }): JobItem =>
  isOpen(job)
    ? moved(job, intentOf(job, { step: 'waiting', ticket: null, due: act.due, reason: act.reason }), act)
    : job;

/**
 * Machines for the group are on their way: look again later, without a new launch. A job that was held becomes part of
 * the demand that those machines are compared with.
 */
export const lookAgain = (job: JobItem, place: Place, act: Act): JobItem => {
  const due = act.now + LAUNCH_CHECK_MS;
  if (job.intent.step === 'held') return wait(job, place, { ...act, reason: 'launch-requested', due });
  return { ...job, ...intentOf(job, { due }) };
};
