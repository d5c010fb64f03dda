import { dequeue, enqueue } from './assign.ts';
import { drawMs } from './draw.ts';
import { emit } from './hooks.ts';
import { removeRunner } from './runners.ts';
import { later, type State, strikes } from './state.ts';
import type * as T from './types.ts';

/** Moves a job, keeps what it looked like before for stale reads, and counts it in its run. */
export function setFacts(job: T.Job, change: Partial<T.JobFacts>, now: number): void {
  const { run } = job;
  const facts: T.JobFacts = { ...job.facts, ...change };
  run.counts[job.facts.status] -= 1;
  run.counts[facts.status] += 1;
  job.earlier = job.facts;
  job.facts = facts;
  job.changedAt = now;
  run.updatedAt = now;
  if (run.counts.completed === run.latest.length) run.repository.openRuns.delete(run);
}

/** Announces a job as queued and, unless a concurrency group holds it, lets runners have it. */
export function startWaiting(state: State, job: T.Job, now: number): void {
  job.queuedAt = now;
  if (job.facts.status === 'waiting') setFacts(job, { status: 'queued' }, now);
  emit(state, { job, action: 'queued' }, now);
  later(state, now + state.limits.queuedMaxMs, (at) => {
    if (job.facts.status === 'queued') completeJob(state, { job, conclusion: 'cancelled' }, at);
  });
  if (!job.held) openToRunners(state, job, now);
}

/** The concurrency group lets a job go. It was announced long before. */
export function releaseJob(state: State, job: T.Job, now: number): void {
  if (!job.held) return;
  job.held = false;
  if (job.facts.status === 'queued') openToRunners(state, job, now);
}

/** A person approves the deployment a job waits for: it is announced as queued, a second time. */
export function approveJob(state: State, job: T.Job, now: number): void {
  if (job.facts.status === 'waiting') startWaiting(state, job, now);
}

function openToRunners(state: State, job: T.Job, now: number): void {
  enqueue(state, job, now);
  const { stolen, stolenWithinMs } = state.faults;
  if (!strikes(state, stolen, `stolen ${job.id}`)) return;
  const delayMs = drawMs(state.draw, `stolen after ${job.id}`, { minMs: 0, maxMs: stolenWithinMs });
  later(state, now + delayMs, (at) => stealJob(state, job, at));
}

const FOREIGN_RUNNER: T.RunnerRef = { id: 5, name: 'foreign-5', groupId: 1, groupName: 'Default' };

/** Somebody else's runner takes a job that nobody has picked up yet, and runs it. Answers whether it could. */
export function stealJob(state: State, job: T.Job, now: number): boolean {
  if (job.facts.status !== 'queued' || job.held) return false;
  dequeue(state, job, now);
  setFacts(job, { status: 'in_progress', runner: FOREIGN_RUNNER, startedAt: now }, now);
  emit(state, { job, action: 'in_progress' }, now);
  later(state, now + state.faults.stolenRunMs, (at) =>
    completeJob(state, { job, conclusion: 'success' }, at),
  );
  return true;
}

/** The runner that was handed the job starts it. */
export function startJob(
  state: State,
  pair: { readonly job: T.Job; readonly runner: T.Runner },
  now: number,
): void {
  const { job, runner } = pair;
  const { id, name, group } = runner;
  const steps = [{ name: 'Set up job', conclusion: null, startedAt: now, completedAt: null }];
  const ref = { id, name, groupId: group.id, groupName: group.name };
  setFacts(job, { status: 'in_progress', runner: ref, startedAt: now, steps }, now);
  emit(state, { job, action: 'in_progress' }, now);
  later(state, now + state.limits.executionMaxMs, (at) =>
    completeJob(state, { job, conclusion: 'cancelled' }, at),
  );
}

/** Ends a job, whoever says so; a job that already ended stays as it is. Its runner's registration is used up. */
export function completeJob(
  state: State,
  end: { readonly job: T.Job; readonly conclusion: T.Conclusion },
  now: number,
): void {
  const { job, conclusion } = end;
  if (job.facts.status === 'completed') return;
  dequeue(state, job, now);
  const runner = job.facts.runner === null ? undefined : state.runners.get(job.facts.runner.id);
  const steps = job.facts.steps.map((step) => ({
    ...step,
    conclusion: step.conclusion ?? (conclusion === 'success' ? ('success' as const) : ('failure' as const)),
    completedAt: step.completedAt ?? now,
  }));
  setFacts(job, { status: 'completed', conclusion, completedAt: now, steps }, now);
  emit(state, { job, action: 'completed' }, now);
  if (runner?.job === job) {
    runner.ranJobId = job.id;
    endRegistration(state, runner, now);
  }
}

function endRegistration(state: State, runner: T.Runner, now: number): void {
  const lingerMs = state.faults.registrationLingersMs;
  runner.job = null;
  const by = runner.session === null ? 'lost' : 'job';
  if (lingerMs === 0) {
    removeRunner(state, runner, { by, now });
    return;
  }
  // Used up already: it may be listed for a while, but never again takes a job.
  if (runner.session !== null) state.sessions.delete(runner.session.id);
  runner.session = null;
  runner.view = { online: false, busy: false };
  runner.state = 'offline';
  later(state, now + lingerMs, (at) => removeRunner(state, runner, { by, now: at }));
}

/** Cancels a job: at once while it waits, through its runner while it runs. `force` does not wait for the runner. */
export function cancelJob(
  state: State,
  which: { readonly job: T.Job; readonly force: boolean },
  now: number,
): void {
  const { job, force } = which;
  if (job.facts.status === 'completed') return;
  if (force || job.facts.status !== 'in_progress') {
    completeJob(state, { job, conclusion: 'cancelled' }, now);
    return;
  }
  if (job.cancelAskedAt !== null) return;
  job.cancelAskedAt = now;
  const runner = job.facts.runner === null ? undefined : state.runners.get(job.facts.runner.id);
  if (runner?.session) state.woken.add(runner.session.id);
  later(state, now + state.limits.cancelMaxMs, (at) =>
    completeJob(state, { job, conclusion: 'cancelled' }, at),
  );
}
