import * as jobs from './jobs.ts';
import { createRun, type RunWish, rerunFailed } from './runs.ts';
import { advance, type State } from './state.ts';
import { type RunTruth, runTruth } from './truth.ts';
import type * as T from './types.ts';

/** What people and workflows do. Unknown ids throw: they are a caller's bug. */
export interface JobActs {
  createRun(wish: RunWish, now: number): RunTruth;
  /** Runs a finished run's failed jobs again, under new job ids and the next attempt. */
  rerunFailed(runId: string, now: number): RunTruth;
  /** `force` does not wait for the runners of running jobs. */
  cancelRun(runId: string, now: number, force?: boolean): void;
  cancelJob(jobId: string, now: number): void;
  /** Approves the deployment a waiting job asks for. */
  approveJob(jobId: string, now: number): void;
  /** The concurrency group lets a held job go. */
  releaseJob(jobId: string, now: number): void;
  /** Somebody else's runner takes the job; false when it is too late for that. */
  stealJob(jobId: string, now: number): boolean;
}

export function jobActsOf(state: State): JobActs {
  const onRun =
    <R>(act: (run: T.Run, now: number) => R) =>
    (runId: string, now: number): R => {
      advance(state, now);
      return act(known(state.runs, runId, 'run'), state.now);
    };
  const onJob =
    <R>(act: (state: State, job: T.Job, now: number) => R) =>
    (jobId: string, now: number): R => {
      advance(state, now);
      return act(state, known(state.jobs, jobId, 'job'), state.now);
    };
  return {
    createRun: (wish, now) => {
      advance(state, now);
      return runTruth(createRun(state, wish, state.now));
    },
    rerunFailed: onRun((run, now) => {
      rerunFailed(state, { run }, now);
      return runTruth(run);
    }),
    cancelRun: (runId, now, force = false) =>
      onRun((run, at) => {
        for (const job of run.latest) jobs.cancelJob(state, { job, force }, at);
      })(runId, now),
    cancelJob: onJob((_, job, now) => jobs.cancelJob(state, { job, force: false }, now)),
    approveJob: onJob(jobs.approveJob),
    releaseJob: onJob(jobs.releaseJob),
    stealJob: onJob(jobs.stealJob),
  };
}

function known<V>(all: ReadonlyMap<number, V>, id: string, kind: string): V {
  const found = all.get(Number(id));
  if (found === undefined) throw new Error(`${kind}: want a known id, got ${id}`);
  return found;
}
