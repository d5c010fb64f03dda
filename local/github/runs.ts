import { addAccount, repositoryOf } from './accounts.ts';
import { drawHex } from './draw.ts';
import { emit } from './hooks.ts';
import { startWaiting } from './jobs.ts';
import { labelKeysOf } from './queue.ts';
import { nextId, type State } from './state.ts';
import type * as T from './types.ts';

/** GitHub's limit of a matrix; a run has no other. */
const JOBS_PER_RUN_MAX = 256;

export interface JobWish {
  readonly name: string;
  readonly labels: readonly string[];
  readonly steps?: readonly T.StepSpec[];
  /** A deployment environment that a person must approve. */
  readonly environment?: string;
  /** Announced as queued, but held back by a concurrency group or max-parallel until released. */
  readonly held?: boolean;
}

export interface RunWish {
  /** Full name of the repository the run belongs to. */
  readonly repository: string;
  readonly event: string;
  /** Full name of where the code comes from; left out: the same repository; null: a fork deleted since. */
  readonly headRepository?: string | null;
  readonly actor: string;
  readonly triggeringActor?: string;
  readonly path?: string;
  readonly name?: string;
  readonly headBranch?: string;
  readonly headSha?: string;
  readonly jobs: readonly JobWish[];
  /** The run's id, and its jobs' ids counting up; left out: the next of each. For who needs ids that no other run can move. */
  readonly ids?: { readonly run: number; readonly firstJob: number };
}

/** Creates a run and its jobs; each is announced, and assignable unless it waits for approval or is held. */
export function createRun(state: State, wish: RunWish, now: number): T.Run {
  if (wish.jobs.length === 0 || wish.jobs.length > JOBS_PER_RUN_MAX) {
    throw new Error(`run: want 1 to ${JOBS_PER_RUN_MAX} jobs, got ${wish.jobs.length}`);
  }
  const run = openRun(state, wish, now);
  const { repository } = run;
  state.runs.set(run.id, run);
  repository.runs.push(run);
  repository.openRuns.add(run);
  const { ids } = wish;
  const jobs = wish.jobs.map((job, n) =>
    addJob(state, { run, job, ...(ids && { id: ids.firstJob + n }) }, now),
  );
  for (const job of jobs) announce(state, job, now);
  return run;
}

function openRun(state: State, wish: RunWish, now: number): T.Run {
  const repository = repositoryOf(state, wish.repository);
  const head = wish.headRepository === undefined ? wish.repository : wish.headRepository;
  const actor = addAccount(state, wish.actor, 'User');
  const id = wish.ids?.run ?? nextId(state, 'run');
  const path = wish.path ?? '.github/workflows/ci.yml';
  const workflowKey = `${repository.id} ${path}`;
  if (!state.workflowIds.has(workflowKey)) state.workflowIds.set(workflowKey, nextId(state, 'workflow'));
  return {
    id,
    number: repository.runs.length + 1,
    repository,
    headRepository: head === null ? null : repositoryOf(state, head),
    event: wish.event,
    actor,
    triggeringActor: wish.triggeringActor ? addAccount(state, wish.triggeringActor, 'User') : actor,
    path,
    name: wish.name ?? 'CI',
    headBranch: wish.headBranch ?? repository.defaultBranch,
    headSha: wish.headSha ?? drawHex(state.draw, `sha ${id}`, 40),
    createdAt: now,
    startedAt: now,
    updatedAt: now,
    attempt: 1,
    jobs: [],
    latest: [],
    counts: { queued: 0, waiting: 0, in_progress: 0, completed: 0 },
  };
}

function addJob(
  state: State,
  wish: { readonly run: T.Run; readonly job: JobWish; readonly id?: number },
  now: number,
): T.Job {
  const { run, job: asked } = wish;
  const status = asked.environment === undefined ? 'queued' : 'waiting';
  const job: T.Job = {
    id: wish.id ?? nextId(state, 'job'),
    run,
    attempt: run.attempt,
    name: asked.name,
    labels: asked.labels,
    labelKeys: labelKeysOf(asked.labels),
    steps: asked.steps ?? [],
    environment: asked.environment ?? null,
    createdAt: now,
    facts: { status, conclusion: null, runner: null, startedAt: now, completedAt: null, steps: [] },
    earlier: null,
    changedAt: now,
    reads: 0,
    held: asked.held ?? false,
    assigned: null,
    assignments: 0,
    place: null,
    cancelAskedAt: null,
    queuedAt: now,
  };
  state.jobs.set(job.id, job);
  run.jobs.push(job);
  run.latest.push(job);
  run.counts[status] += 1;
  return job;
}

function announce(state: State, job: T.Job, now: number): void {
  if (job.facts.status === 'queued') {
    startWaiting(state, job, now);
    return;
  }
  // A job behind an approval is announced twice: queued with the status waiting, and waiting.
  emit(state, { job, action: 'queued' }, now);
  emit(state, { job, action: 'waiting' }, now);
}

/** Runs a finished run's failed and cancelled jobs again: same run, next attempt, new job ids. */
export function rerunFailed(
  state: State,
  again: { readonly run: T.Run; readonly actor?: string },
  now: number,
): readonly T.Job[] {
  const { run, actor } = again;
  if (statusOf(run) !== 'completed')
    throw new Error(`run ${run.id}: want a completed run, got ${statusOf(run)}`);
  const failed = run.latest.filter((job) => job.facts.conclusion !== 'success');
  if (failed.length === 0) return [];
  run.attempt += 1;
  run.startedAt = now;
  run.updatedAt = now;
  if (actor !== undefined) run.triggeringActor = addAccount(state, actor, 'User');
  run.latest = run.latest.filter((job) => job.facts.conclusion === 'success');
  run.counts.completed = run.latest.length;
  run.repository.openRuns.add(run);
  const jobs = failed.map((job) => addJob(state, { run, job: wishOf(job) }, now));
  for (const job of jobs) announce(state, job, now);
  return jobs;
}

const wishOf = ({ name, labels, steps, environment }: T.Job): JobWish => ({
  name,
  labels,
  steps,
  ...(environment !== null && { environment }),
});

/** A run stands where its jobs stand: jobs also wait inside runs that are in progress. */
export function statusOf({ counts, latest }: T.Run): T.JobStatus {
  if (counts.completed === latest.length) return 'completed';
  if (counts.in_progress + counts.completed > 0) return 'in_progress';
  return counts.queued > 0 ? 'queued' : 'waiting';
}

/** The worst of the jobs' ends; null while one is not completed. */
export function conclusionOf(run: T.Run): T.Conclusion | null {
  if (statusOf(run) !== 'completed') return null;
  const ends = new Set(run.latest.map((job) => job.facts.conclusion));
  return (
    (['failure', 'timed_out', 'cancelled', 'success', 'skipped'] as const).find((end) => ends.has(end)) ??
    null
  );
}
