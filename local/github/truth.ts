import { statusOf } from './runs.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

/** A registration as it truly is, or was. Times in epoch ms. */
export interface RegistrationTruth {
  readonly runnerId: string;
  readonly name: string;
  /** Owner login, or the repository's full name. */
  readonly scope: string;
  readonly labels: readonly string[];
  readonly issuedAt: number;
  readonly firstConnectedAt: number | null;
  /** Sessions opened on its JIT configuration, and attempts refused because one was open. */
  readonly sessions: number;
  readonly conflicts: number;
  readonly state: T.RunnerState;
  /** The one job it ran or runs. */
  readonly jobId: string | null;
  readonly removedAt: number | null;
  readonly removedBy: T.Runner['removedBy'];
}

/** A job as it truly is. Times in epoch ms. */
export interface JobTruth {
  readonly jobId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly repository: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly status: T.JobStatus;
  readonly conclusion: T.Conclusion | null;
  readonly held: boolean;
  /** Handed to a runner that has not picked it up. */
  readonly assignedTo: string | null;
  /** Who runs or ran it. */
  readonly runnerId: string | null;
  readonly runnerName: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
}

export function registrationTruth(runner: T.Runner): RegistrationTruth {
  const { scope } = runner;
  const jobId = runner.ranJobId ?? (runner.state === 'busy' ? (runner.job?.id ?? null) : null);
  return {
    runnerId: String(runner.id),
    name: runner.name,
    scope: scope.kind === 'organization' ? scope.organization.login : scope.repository.fullName,
    labels: runner.labels,
    issuedAt: runner.issuedAt,
    firstConnectedAt: runner.firstConnectedAt,
    sessions: runner.sessions,
    conflicts: runner.conflicts,
    state: runner.state,
    jobId: jobId === null ? null : String(jobId),
    removedAt: runner.removedAt,
    removedBy: runner.removedBy,
  };
}

export function jobTruth(job: T.Job): JobTruth {
  const { facts, run } = job;
  return {
    jobId: String(job.id),
    runId: String(run.id),
    attempt: job.attempt,
    repository: run.repository.fullName,
    name: job.name,
    labels: job.labels,
    status: facts.status,
    conclusion: facts.conclusion,
    held: job.held,
    assignedTo: job.assigned?.name ?? null,
    runnerId: facts.runner === null ? null : String(facts.runner.id),
    runnerName: facts.runner?.name ?? null,
    createdAt: job.createdAt,
    startedAt: facts.runner === null ? null : facts.startedAt,
    completedAt: facts.completedAt,
  };
}

/** A run and its jobs, as whoever started it gets them back. */
export interface RunTruth {
  readonly runId: string;
  readonly attempt: number;
  readonly status: T.JobStatus;
  readonly jobs: readonly JobTruth[];
}

export const runTruth = (run: T.Run): RunTruth => ({
  runId: String(run.id),
  attempt: run.attempt,
  status: statusOf(run),
  jobs: run.latest.map(jobTruth),
});

/** Live registrations, oldest first. */
export const registrationsOf = (state: State): readonly RegistrationTruth[] =>
  [...state.runners.values()].map(registrationTruth);

/** How often each route was called; `unknown` counts what no route matched. */
export const callsOf = (state: State): ReadonlyMap<string, number> => new Map(state.calls);
