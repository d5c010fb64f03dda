import type { RunFacts } from '../contracts/facts.ts';
import type { JobItem, RunItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool } from '../contracts/settings.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import { admitByRepository, admitByRun } from '../core/admission.ts';
import { hold, refuse } from '../core/job.ts';
import { route } from '../core/route.ts';
import { expiryOf, FACT_SPACING, QUEUE_TIME_MAX_MS } from '../core/spacing.ts';
import type { Scope } from '../ports/github.ts';
import { amend } from './amend.ts';
import { inParallel } from './bounded.ts';
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
/** How long after its webhook a run may still be unknown to REST. */
const REST_LAG_MAX_MS = 2 * 60_000;

/** Routes and admits jobs; denials and holds are written here, with their reasons. */
export async function admitJobs(
  jobs: readonly JobItem[],
  how: { readonly world: World; readonly widthMax: number },
): Promise<Admission> {
  const { world } = how;
  const deadline = world.clock.now() + LOOK_UPS_MAX_MS;
  const runs = new Map<string, Promise<RunFacts | null | undefined>>();
  const factsOf = (job: JobItem): Promise<RunFacts | null | undefined> => {
    const key = `${job.runId}.${job.runAttempt}`;
    const known = runs.get(key) ?? runFacts(job, deadline, world);
    runs.set(key, known);
    return known;
  };
  const failed: string[] = [];
  const admitted: Admitted[] = [];
  await inParallel(jobs, how.widthMax, async (job) => {
    const verdict = await decideSafely(job, { factsOf, deadline }, world);
    if (verdict.do === 'admit') admitted.push({ job, pool: verdict.pool });
    else if (!(await write(job, verdict, world))) failed.push(job.jobId);
  });
  return { admitted, failed };
}

type Verdict =
  | { readonly do: 'admit'; readonly pool: Pool }
  | { readonly do: 'denied' | 'ignored' | 'held'; readonly reason: Reason };

interface LookUps {
  readonly factsOf: (job: JobItem) => Promise<RunFacts | null | undefined>;
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
  const early = admitByRepository(job.repository, pool, settings);
  if (early !== undefined) return { do: 'denied', reason: early.reason };
  const over = await isOver(job, how, world);
  if (over !== undefined) return over;
  const decision = admitByRun(await how.factsOf(job), pool, job.repository.id);
  if (decision.verdict === 'allow') return { do: 'admit', pool };
  return { do: decision.verdict === 'deny' ? 'denied' : 'held', reason: decision.reason };
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
  if (seen.value?.status !== 'queued') return { do: 'ignored', reason: 'job-over' };
  await amend(world.ledger, { kind: 'job', id: job.jobId }, (item) => item && { ...item, checkedAt: now });
  return undefined;
}

/** Look-ups go to the repository: every installation may read its own. */
export const scopeOf = (job: JobItem): Scope => ({
  installationId: job.installationId ?? '',
  owner: job.repository.ownerLogin,
  repository: job.repository.fullName.split('/')[1] ?? null,
});

/** Facts of the run, from the ledger or, once, from GitHub. Undefined when they cannot be had now. */
async function runFacts(job: JobItem, deadline: number, world: World): Promise<RunFacts | null | undefined> {
  const id = `${job.runId}.${job.runAttempt}`;
  const known = await world.ledger.read('run', id);
  if (!known.ok) return undefined;
  if (known.value !== undefined) return known.value.facts;
  const now = world.clock.now();
  if (now >= deadline) return undefined;
  const asked = await world.github.run(scopeOf(job), job.repository.fullName, job.runId);
  if (!asked.ok) return undefined;
  // REST lags behind webhooks by some seconds: an absent run of a fresh job is a fact that cannot be had yet.
  if (asked.value === undefined && now - job.at.received < REST_LAG_MAX_MS) return undefined;
  const facts = asked.value ?? null;
  // A read that shows an earlier attempt is a stale one.
  if (facts !== null && facts.runAttempt < job.runAttempt) return undefined;
  const item: RunItem = {
    v: SCHEMA_VERSION,
    rev: 0,
    kind: 'run',
    runId: job.runId,
    runAttempt: job.runAttempt,
    fetchedAt: now,
    facts,
    expiresAtSeconds: expiryOf(now),
  };
  // A lost write costs one more look-up; another function's write holds the same facts. An absent run is asked again.
  if (facts !== null) await world.ledger.write(item);
  return facts;
}

async function write(
  job: JobItem,
  verdict: Exclude<Verdict, { do: 'admit' }>,
  world: World,
): Promise<boolean> {
  const act = { now: world.clock.now(), by: world.by, reason: verdict.reason };
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
