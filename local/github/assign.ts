import { drawIndex } from './draw.ts';
import { jobsFor, leaveQueue, offerRunner, runnersFor, waitInQueue, withdrawRunner } from './queue.ts';
import { later, type State } from './state.ts';
import type * as T from './types.ts';

/**
 * Makes a queued job assignable. An idle runner that fits gets it at once, drawn among several: GitHub binds no
 * runner to the job it was launched for.
 */
export function enqueue(state: State, job: T.Job, now: number): void {
  waitInQueue(state, job);
  const fitting = runnersFor(state, job);
  const runner =
    fitting[drawIndex(state.draw, `runner for job ${job.id}#${job.assignments}`, fitting.length)];
  if (runner !== undefined) assign(state, { job, runner }, now);
}

/** Takes a job out of whatever it waits in; a runner it was handed to becomes idle again. */
export function dequeue(state: State, job: T.Job, now: number): void {
  leaveQueue(state, job);
  const runner = job.assigned;
  if (runner === null) return;
  unbind(job, runner);
  if (runner.session === null) setRunner(runner, 'offline', now);
  else becomeIdle(state, runner, now);
}

/** A connected runner waits for a job, and gets one if any fits. */
export function becomeIdle(state: State, runner: T.Runner, now: number): void {
  setRunner(runner, 'idle', now);
  offerRunner(state, runner);
  const fitting = jobsFor(state, runner);
  const job =
    fitting[drawIndex(state.draw, `job for runner ${runner.id}#${runner.sessions}`, fitting.length)];
  if (job !== undefined) assign(state, { job, runner }, now);
}

/** A runner can take no job now. One it was handed and has not picked up goes to another. */
export function becomeUnready(
  state: State,
  change: { readonly runner: T.Runner; readonly to: 'offline' | 'stalled' },
  now: number,
): void {
  const { runner, to } = change;
  withdrawRunner(state, runner);
  const job = runner.state === 'assigned' ? runner.job : null;
  setRunner(runner, to, now);
  if (job === null) return;
  unbind(job, runner);
  enqueue(state, job, now);
}

/** Moves a runner and keeps what it looked like before, for stale reads. */
export function setRunner(runner: T.Runner, to: T.RunnerState, now: number): void {
  runner.state = to;
  const online = runner.session !== null;
  const busy = to === 'busy';
  if (online === runner.view.online && busy === runner.view.busy) return;
  runner.earlier = runner.view;
  runner.view = { online, busy };
  runner.changedAt = now;
}

function assign(state: State, pair: { readonly job: T.Job; readonly runner: T.Runner }, now: number): void {
  const { job, runner } = pair;
  leaveQueue(state, job);
  withdrawRunner(state, runner);
  job.assigned = runner;
  job.assignments += 1;
  runner.job = job;
  setRunner(runner, 'assigned', now);
  if (runner.session !== null) state.woken.add(runner.session.id);
  const assignment = job.assignments;
  later(state, now + state.limits.pickupMaxMs, (at) => {
    const isStillWaiting = job.assigned === runner && job.assignments === assignment;
    if (isStillWaiting && runner.state === 'assigned') becomeUnready(state, { runner, to: 'stalled' }, at);
  });
}

function unbind(job: T.Job, runner: T.Runner): void {
  job.assigned = null;
  runner.job = null;
}
