/** What a person watches: the truth of the simulated GitHub and EC2 at one moment, in virtual time. */

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
export type RunnerState = 'launching' | 'booting' | 'claimed' | 'running' | 'ending' | 'gone';

export interface JobRow {
  readonly jobId: string;
  readonly name: string;
  readonly repository: string;
  readonly state: JobState;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly runnerName: string | null;
}

export interface RunnerRow {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly state: RunnerState;
  readonly launchedAt: number;
  readonly endedAt: number | null;
  readonly runnerName: string | null;
  readonly usd: number;
}

export interface Snapshot {
  readonly now: number;
  readonly startedAt: number;
  readonly jobs: readonly JobRow[];
  readonly runners: readonly RunnerRow[];
}

export const isOver = ({ state }: JobRow): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled';

/** Nothing more will happen: every job is over and every instance is gone. */
export const isSettled = ({ jobs, runners }: Snapshot): boolean =>
  jobs.every(isOver) && runners.every(({ state }) => state === 'gone');
