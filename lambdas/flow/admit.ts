import type { JobItem, RunItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool } from '../contracts/settings.ts';
import { type AdmissionDecision, decide as decideAdmission } from '../core/admission/decide.ts';
import { hold, refuse } from '../core/job.ts';
import { route } from '../core/route.ts';
import { FACT_SPACING, QUEUE_TIME_MAX_MS } from '../core/spacing.ts';
import { amend } from './amend.ts';
import { inParallel, LEDGER_WIDTH } from './bounded.ts';
import { type FactsDesk, factsDocumentOf, openFactsDesk, scopeOf } from './gather-facts.ts';
import type { World } from './world.ts';

export interface Admitted {
  readonly job: JobItem;
  readonly pool: Pool;
}

export interface Admission {
  readonly admitted: readonly Admitted[];
  /** Jobs whose decision could not be written: their messages come again. */
  readonly failed: readonly string[];
}

/** Look-ups for one batch may take this long; what did not fit is held and due at once (the sweep takes it up). */
const LOOK_UPS_MAX_MS = 5_000;
/** A job queued longer ago than this is asked about before any launch: the event may be a replay of an old one. */
const STALE_QUEUED_MS = 60 * 60_000;
/** First seen so long after it was queued: its event was lost and found, or replayed by a person, and the job may be over. */
const SEEN_LATE_MS = 15 * 60_000;
/** GitHub's word that a job still waits is good for this long. */
const CHECKED_FOR_MS = 10 * 60_000;

/** Routes and admits jobs; denials and holds are written here, with their reasons. */
export async function admitJobs(
  jobs: readonly JobItem[],
  how: { readonly world: World; readonly widthMax: number },
): Promise<Admission> {
  const { world } = how;
  const deadline = world.clock.now() + LOOK_UPS_MAX_MS;
  const desk = openFactsDesk(world, deadline);
  const failed: string[] = [];
  const admitted: Admitted[] = [];
  const outcomes: Outcome[] = [];
  await inParallel(jobs, how.widthMax, async (job) => {
    const verdict = await decideSafely(job, { desk, deadline }, world);
    const { pool } = verdict;
    if (pool !== undefined) outcomes.push({ job, pool: pool.name, isAdmitted: verdict.do === 'admit' });
    if (verdict.do === 'admit') admitted.push({ job, pool: verdict.pool });
    else if (!(await write(job, verdict, world))) failed.push(job.jobId);
  });
  await noteOutcomes(outcomes, world);
  return { admitted, failed };
}

type Verdict =
  | { readonly do: 'admit'; readonly pool: Pool }
  | {
      readonly do: 'denied' | 'ignored' | 'held';
      readonly reason: Reason;
      /** What a rule wanted and got. */
      readonly says?: string | undefined;
      /** The pool that refused it. */
      readonly pool?: Pool | undefined;
    };

interface Outcome {
  readonly job: JobItem;
  readonly pool: string;
  readonly isAdmitted: boolean;
}

/**
 * Which pools took or refused jobs of a run, on the run's item: the guard asks for it when a job starts. A write that is
 * lost costs the guard a look at GitHub.
 */
async function noteOutcomes(outcomes: readonly Outcome[], world: World): Promise<void> {
  const byRun = Map.groupBy(outcomes, ({ job }) => `${job.runId}.${job.runAttempt}`);
  await inParallel([...byRun], LEDGER_WIDTH, async ([id, ofRun]) => {
    await amend(world.ledger, { kind: 'run', id }, (item) => item && withOutcomes(item, ofRun));
  });
}

function withOutcomes(item: RunItem, outcomes: readonly Outcome[]): RunItem {
  const of = (known: readonly string[] = [], isAdmitted: boolean): string[] => [
    ...new Set([
      ...known,
      ...outcomes.filter((one) => one.isAdmitted === isAdmitted).map(({ pool }) => pool),
    ]),
  ];
  const admitted = of(item.admitted, true);
  const refused = of(item.refused, false);
  const isSame =
    admitted.length === (item.admitted ?? []).length && refused.length === (item.refused ?? []).length;
  return isSame ? item : { ...item, admitted, refused };
}

interface LookUps {
  readonly desk: FactsDesk;
  /** No look-up begins after it. */
  readonly deadline: number;
}

/** A bug in one decision holds that job alone. */
async function decideSafely(job: JobItem, how: LookUps, world: World): Promise<Verdict> {
  try {
    return await decide(job, how, world);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
    world.journal.warn('admission-failed', { jobId: job.jobId, error: text });
    return { do: 'held', reason: 'fact-unreachable' };
  }
}

async function decide(job: JobItem, how: LookUps, world: World): Promise<Verdict> {
  const { settings } = world.deployment;
  const routed = route(job.labels, settings);
  if (routed.to === 'ignore') return { do: 'ignored', reason: routed.reason };
  if (routed.to === 'deny') return { do: 'denied', reason: routed.reason };
  if (job.installationId === null) return { do: 'denied', reason: 'installation-missing' };
  const { pool } = routed;
  // What the webhook alone settles costs no call.
  const early = decideAdmission(
    factsDocumentOf(job, pool, { at: world.clock.now(), run: undefined, gathered: {} }),
    pool,
    settings,
  );
  if (early.verdict === 'deny') return refusalOf(early, pool);
  const over = await isOver(job, how, world);
  if (over !== undefined) return over;
  const run = await how.desk.run(job);
  const byRun = decideAdmission(
    factsDocumentOf(job, pool, { at: world.clock.now(), run, gathered: {} }),
    pool,
    settings,
  );
  // No further fact can undo a denial.
  if (byRun.verdict === 'deny' || run === undefined || run === null) return refusalOf(byRun, pool);
  const gathered = await how.desk.gathered(job, run, pool);
  const decision = decideAdmission(
    factsDocumentOf(job, pool, { at: world.clock.now(), run, gathered }),
    pool,
    settings,
  );
  if (decision.observed !== decision.verdict) observe(job, pool, decision, world);
  return decision.verdict === 'allow' ? { do: 'admit', pool } : refusalOf(decision, pool);
}

const refusalOf = ({ verdict, reason, rules }: AdmissionDecision, pool: Pool): Verdict => ({
  do: verdict === 'deny' ? 'denied' : 'held',
  reason: reason ?? 'fact-unreachable',
  says: rules.find((rule) => rule.verdict === verdict)?.says,
  // Only a denial is for good: a job that is held may still be admitted.
  pool: verdict === 'deny' ? pool : undefined,
});

/** A pool that observes lets the job pass and tells what its rules would have done. */
function observe(job: JobItem, pool: Pool, { observed, rules }: AdmissionDecision, world: World): void {
  const against = rules
    .filter(({ verdict }) => verdict !== 'allow')
    .map(({ rule, says }) => `${rule}: ${says}`);
  world.journal.say('admission-observed', { jobId: job.jobId, pool: pool.name, observed, rules: against });
  world.journal.count('AdmissionObserved', { pool: pool.name });
}

/** An old `queued` may be long over: GitHub is asked before money is spent, and again only after some minutes. */
async function isOver(job: JobItem, { deadline }: LookUps, world: World): Promise<Verdict | undefined> {
  const now = world.clock.now();
  const age = now - job.at.queued;
  if (age > QUEUE_TIME_MAX_MS) return { do: 'ignored', reason: 'queue-time-over' };
  const isChecked = job.checkedAt !== null && now - job.checkedAt < CHECKED_FOR_MS;
  const isSeenLate = job.at.received - job.at.queued > SEEN_LATE_MS;
  if (isChecked || (age < STALE_QUEUED_MS && !isSeenLate)) return undefined;
  if (now >= deadline) return { do: 'held', reason: 'fact-unreachable' };
  const seen = await world.github.job(scopeOf(job), job.repository.fullName, job.jobId);
  if (!seen.ok) return { do: 'held', reason: 'fact-unreachable' };
  const status = seen.value?.status;
  if (status === undefined || status === 'completed' || status === 'in_progress')
    return { do: 'ignored', reason: 'job-over' };
  // It is about to be queued, as the webhook said: REST lags, and still shows the job behind its approval.
  if (status !== 'queued') return { do: 'held', reason: 'fact-unreachable' };
  await amend(world.ledger, { kind: 'job', id: job.jobId }, (item) => item && { ...item, checkedAt: now });
  return undefined;
}

async function write(
  job: JobItem,
  verdict: Exclude<Verdict, { do: 'admit' }>,
  world: World,
): Promise<boolean> {
  const { reason, says } = verdict;
  const act = { now: world.clock.now(), by: world.by, reason, ...(says !== undefined && { why: says }) };
  const amended = await amend(world.ledger, { kind: 'job', id: job.jobId, known: job }, (item) => {
    if (item === undefined || item.fact !== 'queued' || item.intent.attempt !== job.intent.attempt)
      return undefined;
    if (verdict.do === 'held') return hold(item, { ...act, due: act.now + FACT_SPACING.baseMs });
    return refuse(item, verdict.do, act);
  });
  if (!amended.ok) return false;
  const pool = job.pool ?? undefined;
  world.journal.say(`job-${verdict.do}`, { jobId: job.jobId, reason: verdict.reason });
  const metric = verdict.do === 'held' ? 'JobsHeld' : 'JobsDenied';
  world.journal.count(metric, { reason: verdict.reason, ...(pool === undefined ? {} : { pool }) });
  return true;
}
