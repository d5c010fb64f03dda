import type { RepositoryContent } from './content.ts';
import type { DemandClass } from './queue.ts';

export interface Account {
  readonly id: number;
  readonly login: string;
  readonly type: 'Organization' | 'User';
}

export type Visibility = 'public' | 'private' | 'internal';

export interface Repository {
  readonly id: number;
  readonly owner: Account;
  name: string;
  fullName: string;
  visibility: Visibility;
  readonly fork: boolean;
  readonly defaultBranch: string;
  readonly createdAt: number;
  readonly runs: Run[];
  /** Runs that are not completed: what a status search reads. */
  readonly openRuns: Set<Run>;
  content: RepositoryContent;
}

export type Level = 'read' | 'write';
export type Permissions = Readonly<Record<string, Level>>;

export interface Installation {
  readonly id: number;
  readonly account: Account;
  readonly permissions: Permissions;
  /** Lower-case full names, or null for all repositories of the account. */
  readonly repositories: ReadonlySet<string> | null;
  suspendedAt: number | null;
}

export interface RunnerGroup {
  readonly id: number;
  readonly name: string;
  readonly visibility: 'all' | 'private' | 'selected';
  /** Lower-case full names; meaningful for `selected`. */
  readonly repositories: ReadonlySet<string>;
  readonly allowsPublic: boolean;
  /** GitHub's own hosted runners: nothing of ours may register there. */
  readonly hosted: boolean;
}

/** Where runners are registered. A repository's runners are in group 1 and serve only it. */
export type Scope =
  | { readonly kind: 'organization'; readonly key: string; readonly organization: Account }
  | { readonly kind: 'repository'; readonly key: string; readonly repository: Repository };

export interface StepSpec {
  readonly name: string;
  readonly run: string;
}

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | 'timed_out';
export type JobStatus = 'queued' | 'waiting' | 'in_progress' | 'completed';

export interface StepResult {
  readonly name: string;
  readonly conclusion: 'success' | 'failure' | 'cancelled' | 'skipped' | null;
  readonly startedAt: number;
  readonly completedAt: number | null;
}

export interface RunnerRef {
  readonly id: number;
  readonly name: string;
  readonly groupId: number;
  readonly groupName: string;
}

/** What the outside sees of a job. Replaced as a whole, so that a stale read can show the one before. */
export interface JobFacts {
  readonly status: JobStatus;
  readonly conclusion: Conclusion | null;
  readonly runner: RunnerRef | null;
  readonly startedAt: number;
  readonly completedAt: number | null;
  readonly steps: readonly StepResult[];
}

export interface Job {
  readonly id: number;
  readonly run: Run;
  readonly attempt: number;
  readonly name: string;
  readonly labels: readonly string[];
  /** Lower case, sorted, without repeats: what is compared. */
  readonly labelKeys: readonly string[];
  readonly steps: readonly StepSpec[];
  readonly environment: string | null;
  readonly createdAt: number;
  facts: JobFacts;
  earlier: JobFacts | null;
  changedAt: number;
  reads: number;
  /** Queued but not assignable: a concurrency group or max-parallel holds it. */
  held: boolean;
  /** The runner it was handed to; it still shows as queued until that runner picks it up. */
  assigned: Runner | null;
  assignments: number;
  /** Where it waits in the index of demand. */
  place: DemandClass | null;
  cancelAskedAt: number | null;
  /** When it began to wait for a runner: the order in which jobs are handed out, roughly. */
  queuedAt: number;
}

export interface Run {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  /** Null when the fork was deleted. */
  readonly headRepository: Repository | null;
  readonly event: string;
  readonly actor: Account;
  triggeringActor: Account;
  readonly path: string;
  readonly name: string;
  readonly headBranch: string;
  readonly headSha: string;
  readonly createdAt: number;
  startedAt: number;
  updatedAt: number;
  attempt: number;
  /** Every job of every attempt, oldest first. */
  readonly jobs: Job[];
  /** The newest execution of each job, by name order. */
  latest: Job[];
  /** How many of `latest` stand where. */
  readonly counts: Record<JobStatus, number>;
}

/** `idle` waits for a job; `stalled` was handed one and did not pick it up, and gets none until it asks again. */
export type RunnerState = 'offline' | 'idle' | 'assigned' | 'busy' | 'stalled';

export interface RunnerView {
  readonly online: boolean;
  readonly busy: boolean;
}

export interface Runner {
  readonly id: number;
  readonly name: string;
  readonly scope: Scope;
  readonly group: RunnerGroup;
  readonly labels: readonly string[];
  readonly labelKeys: readonly string[];
  readonly clientId: string;
  readonly secret: string;
  readonly issuedAt: number;
  state: RunnerState;
  view: RunnerView;
  earlier: RunnerView | null;
  changedAt: number;
  reads: number;
  os: string;
  version: string | null;
  session: Session | null;
  sessions: number;
  job: Job | null;
  firstConnectedAt: number | null;
  /** When it last lost its session, or was registered: what the unused limit counts from. */
  offlineSince: number;
  conflicts: number;
  ranJobId: number | null;
  removedAt: number | null;
  removedBy: 'job' | 'delete' | 'unused' | 'idle' | 'lost' | null;
}

export interface Session {
  readonly id: string;
  readonly runner: Runner;
  seenAt: number;
}

export interface Token {
  readonly installation: Installation;
  readonly permissions: Permissions;
  /** Null: all repositories of the installation. */
  readonly repositoryIds: ReadonlySet<number> | null;
  readonly usableAt: number;
  readonly expiresAt: number;
}
