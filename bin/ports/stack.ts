import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import type { Places, QueueName } from '../../lambdas/contracts/places.ts';
import type { ParkedMessage } from '../../lambdas/contracts/run-folder.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';

/** A parked message in our hands: hidden from everybody else until it is released, or its time is over. */
export interface Received extends ParkedMessage {
  /** What SQS wants to hear to remove or release exactly this receipt. */
  readonly receipt: string;
}

/** How many messages stand where, by SQS's approximate count. */
export interface QueueCounts {
  /** In the source queue: waiting, being worked on, or delayed. */
  readonly waiting: number;
  readonly parked: number;
}

/** A dead-letter queue. At least once and in no order, as its source. */
export interface ParkedQueue {
  /** Up to ten messages, hidden for some minutes. Empty is no proof that nothing is there: ask twice. */
  receive(): Promise<Outcome<readonly Received[]>>;
  /** Shows the message to others again. One that is not released comes back by itself. */
  release(message: Received): Promise<Outcome<void>>;
  /** Sends the very same body to the source queue. After `unsure` it may have been sent: a second one is absorbed. */
  resend(message: Received): Promise<Outcome<void>>;
  /** Takes the message off for good. Only after `resend` was answered. */
  remove(message: Received): Promise<Outcome<void>>;
  count(): Promise<Outcome<QueueCounts>>;
}

/** What a command may touch of one stack. */
export interface Stack {
  readonly name: string;
  /** Local runs are over when a command looks at them: nothing can be sent there any more. */
  readonly isLive: boolean;
  /** The time that the times of its items compare with, epoch ms: of a local run, its own time at its end. */
  now(): number;
  readonly stackId: Places['stackId'];
  readonly parked: Readonly<Record<QueueName, ParkedQueue>>;
  /** Throws on an item that breaks its schema, naming it. */
  readonly ledger: Ledger;
  /**
   * Jobs of one run, or those that were refused, closed ones included: reads the whole table, a page at a time, and tells
   * how many items it has read. Not `isWhole` when the bound or the signal ended it first.
   */
  findJobs(where: JobsWhere, how: Finding): Promise<Outcome<FoundJobs>>;
  /** Pools of the deployed configuration; empty where the stack is older than this list. */
  readonly pools: readonly string[];
}

export type JobsWhere = { readonly runId: string } | { readonly outcome: 'denied' };

export interface Finding {
  readonly signal: AbortSignal;
  readonly onRead: (items: number) => void;
}

export interface FoundJobs {
  readonly jobs: readonly JobItem[];
  readonly isWhole: boolean;
}
