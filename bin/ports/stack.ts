import type { Places, QueueName } from '../../lambdas/contracts/places.ts';
import type { ParkedMessage } from '../../lambdas/contracts/run-folder.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';

/** A parked message in our hands: hidden from everybody else until it is released, or its time is over. */
export interface Received extends ParkedMessage {
  /** What SQS wants to hear to remove or release exactly this receipt. */
  readonly receipt: string;
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
  readonly ledger: Pick<Ledger, 'read'>;
}
