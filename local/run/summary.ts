import type { ChaosReport } from './chaos.ts';
import { CHAOS_JOBS_MIN } from './options.ts';
import { isOver, type Snapshot } from './snapshot.ts';

/** The last line of `npm start -- --json`. Times are virtual milliseconds. */
export interface Summary {
  readonly jobs: number;
  readonly completed: number;
  readonly runnersLaunched: number;
  readonly runnersTerminated: number;
  readonly instancesLeft: number;
  readonly registrationsLeft: number;
  readonly jitIssued: number;
  /** Messages that failed too often and lie in a dead-letter queue. */
  readonly parked: number;
  readonly githubCallsPerJob: number;
  readonly awsCallsPerJob: number;
  readonly p50QueuedToStartedMs: number | null;
  readonly p95QueuedToStartedMs: number | null;
  readonly speed: number;
  readonly usdTotal: number;
  /** With `--chaos` alone. */
  readonly chaos?: ChaosReport;
  readonly failures: readonly string[];
}

export interface Counted {
  readonly chaos: ChaosReport | undefined;
  readonly registrationsLeft: number;
  readonly jitIssued: number;
  readonly parked: number;
  readonly githubCalls: number;
  readonly awsCalls: number;
  readonly speed: number;
}

/** The smallest value that at least `share` of the values do not exceed; null without values. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

export function summarize(snapshot: Snapshot, counted: Counted): Summary {
  const { jobs, runners } = snapshot;
  const waits = jobs.flatMap(({ queuedAt, startedAt }) => (startedAt === null ? [] : [startedAt - queuedAt]));
  const perJob = (calls: number): number => (jobs.length === 0 ? 0 : rounded(calls / jobs.length, 2));
  const instancesLeft = runners.filter(({ state }) => state !== 'gone').length;
  return {
    jobs: jobs.length,
    completed: jobs.filter(({ state }) => state === 'done').length,
    runnersLaunched: runners.length,
    runnersTerminated: runners.length - instancesLeft,
    instancesLeft,
    registrationsLeft: counted.registrationsLeft,
    jitIssued: counted.jitIssued,
    parked: counted.parked,
    githubCallsPerJob: perJob(counted.githubCalls),
    awsCallsPerJob: perJob(counted.awsCalls),
    p50QueuedToStartedMs: percentile(waits, 0.5),
    p95QueuedToStartedMs: percentile(waits, 0.95),
    speed: counted.speed,
    usdTotal: rounded(
      runners.reduce((sum, { usd }) => sum + usd, 0),
      6,
    ),
    ...(counted.chaos && { chaos: counted.chaos }),
    failures: failuresOf(snapshot, { ...counted, instancesLeft }),
  };
}

function failuresOf(snapshot: Snapshot, left: Counted & { readonly instancesLeft: number }): string[] {
  const { instancesLeft, registrationsLeft, parked, chaos } = left;
  const jobs = snapshot.jobs
    .filter((job) => job.state !== 'done')
    .map(
      (job) =>
        `job ${job.jobId} (${job.repository} ${job.name}) ${isOver(job) ? job.state : `is still ${job.state}`}`,
    );
  const leftOver = [
    ...(instancesLeft > 0 ? [`${instancesLeft} instances are left`] : []),
    ...(registrationsLeft > 0 ? [`${registrationsLeft} registrations are left`] : []),
    ...(parked > 0 ? [`${parked} messages are parked: "npx mayfly dlq list --local" names them`] : []),
  ];
  const missing = snapshot.jobs.length >= CHAOS_JOBS_MIN ? (chaos?.neverStruck ?? []) : [];
  return [
    ...jobs,
    ...leftOver,
    ...missing.map((what) => `chaos: ${what} never struck, so nothing is shown of it`),
  ];
}
