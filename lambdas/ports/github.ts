import type { JitFiles } from '../contracts/claim.ts';
import type { GatheredFacts, GatheredName, RunFacts } from '../contracts/facts.ts';
import type { JobEvent, RepositoryRef } from '../contracts/job-event.ts';
import type { Outcome } from './outcome.ts';

/** Where a registration lives. `repository` is null for organization scope. */
export interface Scope {
  readonly installationId: string;
  readonly owner: string;
  readonly repository: string | null;
}

export interface MintRequest {
  readonly scope: Scope;
  /** Fresh for each call: a name is never used twice. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly runnerGroupId: number;
}

export interface Minted {
  readonly runnerId: string;
  readonly jit: JitFiles;
}

export interface SeenRunner {
  readonly runnerId: string;
  readonly name: string;
  readonly online: boolean;
  readonly busy: boolean;
}

export interface SeenJob {
  readonly status: 'queued' | 'waiting' | 'requested' | 'pending' | 'in_progress' | 'completed';
  readonly runnerName: string | null;
  readonly conclusion: string | null;
}

/** One job of a run as REST shows it: what an event that was lost would have told. */
export type ListedJob = Omit<
  JobEvent,
  'v' | 'kind' | 'action' | 'repository' | 'installationId' | 'receivedAt' | 'delivery'
>;

export interface ListedJobs {
  /** Of the first page: sent back, it makes an unchanged list cost no quota of GitHub's. */
  readonly etag: string | null;
  /** Null: unchanged since that tag. */
  readonly jobs: readonly ListedJob[] | null;
}

/** An App's installation. */
export interface SeenInstallation {
  readonly installationId: string;
  readonly login: string;
  readonly isSuspended: boolean;
}

export interface SeenRepository {
  readonly repository: RepositoryRef;
  /** When code last came in; epoch ms. */
  readonly pushedAt: number;
}

/** One delivery of the App's webhook, without its payload. */
export interface SeenDelivery {
  /** Decimal and far beyond what a number can hold. */
  readonly deliveryId: string;
  /** Shared by redeliveries of one event. */
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  /** 0: the connection failed or nobody answered in time. */
  readonly statusCode: number;
  readonly isOk: boolean;
  readonly deliveredAt: number;
}

/** Facts of one run that rules of its pool rest on. */
export interface FactsWish {
  readonly names: ReadonlySet<GatheredName>;
  readonly run: RunFacts;
  /** The environment that the job targets: whose protection is asked for. */
  readonly environment: string | null;
  /** The commit of the workflow file, where the runner told it: then it is exact. */
  readonly workflowSha?: string;
}

export interface Gathered {
  /** Absent at GitHub: null. What could not be had is missing. */
  readonly facts: GatheredFacts;
  /** Why each missing fact could not be had: `forbidden` and `token-invalid` mean that the App lacks a permission. */
  readonly faults: Readonly<Partial<Record<GatheredName, string>>>;
}

/**
 * GitHub's REST API as the App's installation. No retries inside: one adapter maps status and rate headers to faults.
 * `busy` carries GitHub's own waiting time (retry-after, or the reset of an empty bucket).
 */
export interface GitHub {
  /**
   * Registers a single-use runner. Never repeated under the same name: 409 (`refused`, code `name-taken`) is usually our
   * own lost answer. After `unsure` a registration may stand under the name: it is doomed and deleted, never used.
   */
  mint(request: MintRequest): Promise<Outcome<Minted>>;
  /** 'gone' (404) is success. 'busy' (422): a job runs on it, keep the instance. */
  deregister(scope: Scope, runnerId: string): Promise<Outcome<'deregistered' | 'gone' | 'busy'>>;
  /** The runner registered under exactly this name. REST's busy flag lags: never the ground for ending a machine. */
  findRunner(scope: Scope, name: string): Promise<Outcome<SeenRunner | undefined>>;
  /** All runners of the scope; `ok` only if the list is complete, at most 50 pages of 100. */
  listRunners(scope: Scope): Promise<Outcome<readonly SeenRunner[]>>;
  /** Facts of a run's latest attempt; undefined when GitHub answers 404. */
  run(scope: Scope, repositoryFullName: string, runId: string): Promise<Outcome<RunFacts | undefined>>;
  /** A job's state now; undefined when GitHub answers 404. Lags behind its webhook by some seconds. */
  job(scope: Scope, repositoryFullName: string, jobId: string): Promise<Outcome<SeenJob | undefined>>;
  /** The jobs of a run's latest attempt, at most 5 pages of 100; undefined when GitHub answers 404. */
  runJobs(
    scope: Scope,
    repositoryFullName: string,
    run: { readonly runId: string; readonly etag: string | null },
  ): Promise<Outcome<ListedJobs | undefined>>;
  /** Runs of a repository in this state, the newest 100; undefined when GitHub answers 404. */
  openRuns(
    scope: Scope,
    repositoryFullName: string,
    status: 'queued' | 'in_progress',
  ): Promise<Outcome<readonly RunFacts[] | undefined>>;
  /** Repositories that an installation reaches, at most 50 pages of 100; `ok` only if the list is complete. */
  repositories(installationId: string): Promise<Outcome<readonly SeenRepository[]>>;
  /** All installations of the App, at most 10 pages of 100. */
  installations(): Promise<Outcome<readonly SeenInstallation[]>>;
  /** The App's installation that reaches a repository now; undefined: none does. */
  installationOf(repositoryFullName: string): Promise<Outcome<string | undefined>>;
  /**
   * One page of 100 of the App's webhook deliveries, newest first; `next` leads on, null at the end of 3 days. `onlyFailed`
   * leaves out failed connections: they have no status code, and GitHub's filter knows none of them.
   */
  deliveries(page: {
    readonly cursor: string | null;
    readonly onlyFailed: boolean;
  }): Promise<Outcome<{ readonly deliveries: readonly SeenDelivery[]; readonly next: string | null }>>;
  /** Has a delivery sent again, under its GUID. Repeating it sends it once more, which does no harm. */
  redeliver(deliveryId: string): Promise<Outcome<'asked' | 'gone'>>;
  /** Asks GitHub to cancel a run. 'over': there is nothing to cancel. Repeating it does no harm. */
  cancelRun(scope: Scope, repositoryFullName: string, runId: string): Promise<Outcome<'asked' | 'over'>>;
  /**
   * Facts of a run, a few reads for each: at most three at a time, none repeated. One that fails leaves the others; the
   * caller holds what needs it.
   */
  facts(scope: Scope, repositoryFullName: string, wish: FactsWish): Promise<Outcome<Gathered>>;
}
