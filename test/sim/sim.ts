import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import type { FrozenRequest, LedgerItem } from '../../lambdas/contracts/ledger.ts';
import type { MetricName } from '../../lambdas/contracts/metrics.ts';
import type { Reason } from '../../lambdas/contracts/reasons.ts';
import type { Deployment } from '../../lambdas/core/launch-plan.ts';
import type { GitHub, Minted } from '../../lambdas/ports/github.ts';
import type { Instances, LaunchAnswer } from '../../lambdas/ports/instances.ts';
import type { JobsQueue } from '../../lambdas/ports/jobs-queue.ts';
import type { LogFields } from '../../lambdas/ports/journal.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';
import type { UsageLake } from '../../lambdas/ports/usage.ts';
import type { Ec2Model } from '../../local/ec2/model.ts';
import type { GitHubModel } from '../../local/github/model.ts';
import type { MemoryLedger } from '../../local/memory/memory-ledger.ts';
import type { MemoryUsage } from '../../local/memory/memory-usage.ts';
import type { Scheduler } from './clock.ts';
import type { Draw } from './draws.ts';
import type { FaultBook } from './fault-book.ts';
import type { Lambdas } from './lambda.ts';
import type { Scenario } from './scenario.ts';
import type { Queue } from './sqs.ts';
import type { World } from './world.ts';

/** What happened, as the rules are told of it. */
export type Happening =
  | { readonly kind: 'written'; readonly before: LedgerItem | undefined; readonly after: LedgerItem }
  | { readonly kind: 'launch-asked'; readonly request: FrozenRequest }
  | { readonly kind: 'terminate-asked'; readonly ids: readonly string[] }
  | { readonly kind: 'launched'; readonly request: FrozenRequest; readonly answer: Outcome<LaunchAnswer> }
  | { readonly kind: 'minted'; readonly name: string; readonly outcome: Outcome<Minted> }
  /** A pass of the sweep saw the whole cloud and came to its end. */
  | { readonly kind: 'swept' }
  | {
      readonly kind: 'deregistered';
      readonly fn: string;
      readonly outcome: Awaited<ReturnType<GitHub['deregister']>>;
    }
  /** A write came too late: somebody else had written. */
  | { readonly kind: 'stale'; readonly fn: string; readonly item: LedgerItem }
  /** A claim is about to be answered with a registration. */
  | { readonly kind: 'delivered'; readonly instanceId: string; readonly runnerName: string }
  | { readonly kind: 'connected'; readonly instanceId: string; readonly clientId: string }
  | { readonly kind: 'job-started'; readonly instanceId: string; readonly jobId: string }
  | { readonly kind: 'frozen'; readonly instanceId: string }
  /** The hook heard whether the job may go on. `isAnswered`: by an answer in time, not by its deadline. */
  | {
      readonly kind: 'guarded';
      readonly instanceId: string;
      readonly jobId: string;
      readonly isAllowed: boolean;
      readonly isAnswered: boolean;
    }
  | { readonly kind: 'job-ended'; readonly instanceId: string; readonly jobId: string }
  | { readonly kind: 'queued'; readonly jobId: string; readonly isInVain: boolean }
  | { readonly kind: 'cancelled'; readonly jobId: string }
  | { readonly kind: 'announced'; readonly event: JobEvent }
  /** The queue deleted a message: its function said that it is settled. */
  | { readonly kind: 'acked'; readonly queue: string; readonly body: string }
  | { readonly kind: 'parked'; readonly queue: string; readonly body: string }
  | { readonly kind: 'threw'; readonly fn: string; readonly error: string }
  | { readonly kind: 'died'; readonly fn: string; readonly how: 'crashed' | 'timed-out' }
  | { readonly kind: 'said'; readonly event: string; readonly fields: LogFields }
  | {
      readonly kind: 'counted';
      readonly metric: MetricName;
      readonly pool: string | undefined;
      readonly reason: Reason | undefined;
    };

/** The ports of one invocation's container, before faults: what a mutation may twist. */
export interface RawPorts {
  readonly ledger: Ledger;
  readonly instances: Instances;
  readonly github: GitHub;
  readonly queue: JobsQueue;
  readonly usage: UsageLake;
}

/** Changes what one function's ports do. */
export type Twist = (ports: RawPorts, context: { readonly fn: string; readonly sim: Sim }) => RawPorts;

/** A bug planted for a test: twists ports or queue of the functions, never their code. */
export interface Mutation {
  /** Beneath the faults: what truly happens when a function calls. */
  readonly ports?: Twist;
  /** Above the faults: what a function believes that it was answered. */
  readonly answers?: Twist;
  /** What the queue believes of a batch's answer. */
  readonly failedOf?: (batch: readonly string[], failed: readonly string[]) => readonly string[];
  /** False: the invocation never happens. */
  readonly mayInvoke?: (fn: string) => boolean;
  /** Changes what the functions believe was deployed. */
  readonly deployment?: (deployment: Deployment) => Deployment;
  /** Changes the time that the functions see. */
  readonly skewMs?: (fn: string) => number;
}

/** One simulated world. */
export interface Sim {
  readonly scenario: Scenario;
  readonly draw: Draw;
  readonly clock: Scheduler;
  readonly world: World;
  readonly book: FaultBook;
  readonly github: GitHubModel;
  readonly ec2: Ec2Model;
  readonly store: MemoryLedger;
  readonly lambdas: Lambdas;
  readonly jobs: Queue;
  readonly instances: Queue;
  /** How functions put events on the jobs queue. */
  readonly jobsPort: JobsQueue;
  /** Usage records as they were written. */
  readonly usage: MemoryUsage;
  /** The newest deployed version, and its number. */
  readonly deployed: { readonly version: number; readonly deployment: Deployment };
  /** Jobs that nobody may serve. */
  readonly vain: Set<string>;
  readonly mutation: Mutation | undefined;
  tell(happening: Happening): void;
}
