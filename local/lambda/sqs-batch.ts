import { objectsIn } from '../aws/allow-list.ts';
import type { Sqs } from '../aws/sqs.ts';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { Matcher } from './event-pattern.ts';
import type { InvokeOutcome } from './outcome.ts';
import { type Message, readMessage } from './sqs-records.ts';

/** One event source mapping of a standard queue; times in virtual ms. */
export type EventSource = {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  readonly batchMax: number;
  readonly windowMs: number;
  /** The queue's visibility timeout. */
  readonly visibilityMs: number;
  /** Real ms that one invocation may take, its cold start included. */
  readonly invokeRealMaxMs: number;
  /** Invocations at once. */
  readonly concurrencyMax: number;
  readonly reportsFailures: boolean;
  /** A message that matches none of them is deleted unseen; no matchers pass all. */
  readonly filters: readonly Matcher[];
};

export type EventSourceContext = {
  readonly clock: Clock;
  readonly sqs: Sqs;
  readonly invoke: (event: Json) => Promise<InvokeOutcome>;
  /** A line for what no handler hears of: a failed poll. */
  readonly log: (line: string) => void;
};

/** SQS hands out and deletes ten messages a call at most. */
const CALL_MAX = 10;
/** Lambda's limit for the records of one event; the envelope around a body is well below a kilobyte. */
const PAYLOAD_MAX_BYTES = 6 * 1024 * 1024;
const ENVELOPE_BYTES = 1024;
/** A long poll in real time; short enough that closing is quick, since the emulator cannot cancel one. */
const POLL_REAL_SECONDS = 0.2;
/** One batch: from the first message on, until it is full, heavy, or its window is over. */
export async function gather(
  source: EventSource,
  context: EventSourceContext,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const { clock } = context;
  const batch = [
    ...(await receive(source, context, { messagesMax: source.batchMax, waitSeconds: POLL_REAL_SECONDS })),
  ];
  const closesAt = clock.now() + source.windowMs;
  // A full receive may have left more behind: with no window at all, one batch is one receive, as in AWS.
  while (
    batch.length > 0 &&
    batch.length < source.batchMax &&
    bytesOf(batch) < PAYLOAD_MAX_BYTES - CALL_BYTES_MAX
  ) {
    const leftMs = closesAt - clock.now();
    if (leftMs <= 0 || signal.aborted) break;
    const waitSeconds = Math.min(clock.realDelay(leftMs) / 1000, POLL_REAL_SECONDS);
    batch.push(
      ...(await receive(source, context, { messagesMax: source.batchMax - batch.length, waitSeconds })),
    );
  }
  return batch;
}

/** One receive answers with a mebibyte of messages at most, like a queue's batch. */
const CALL_BYTES_MAX = 1024 * 1024;

const bytesOf = (batch: readonly Message[]): number =>
  batch.reduce((sum, message) => sum + Buffer.byteLength(message.body) + ENVELOPE_BYTES, 0);

async function receive(
  source: EventSource,
  context: EventSourceContext,
  how: { readonly messagesMax: number; readonly waitSeconds: number },
): Promise<readonly Message[]> {
  const answer = await context.sqs.call('ReceiveMessage', {
    QueueUrl: source.queueUrl,
    MaxNumberOfMessages: Math.min(CALL_MAX, how.messagesMax),
    WaitTimeSeconds: how.waitSeconds,
    VisibilityTimeout: (source.invokeRealMaxMs / 1000) * context.clock.speed,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const backAt = context.clock.now() + source.visibilityMs;
  return objectsIn(answer['Messages']).map((raw) => readMessage(raw, backAt));
}

/** Takes messages out of the queue for good. */
export async function remove(
  messages: readonly Message[],
  source: EventSource,
  context: EventSourceContext,
): Promise<void> {
  for (const some of chunks(messages)) {
    const Entries = some.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
    await context.sqs.call('DeleteMessageBatch', { QueueUrl: source.queueUrl, Entries });
  }
}

/** Shows messages again when the queue itself would have: at once, if that time has passed. */
export async function giveBack(
  messages: readonly Message[],
  source: EventSource,
  context: EventSourceContext,
): Promise<void> {
  const secondsLeft = (backAt: number) => Math.max(0, backAt - context.clock.now()) / 1000;
  for (const some of chunks(messages)) {
    const Entries = some.map(({ receipt, backAt }, index) => ({
      Id: String(index),
      ReceiptHandle: receipt,
      VisibilityTimeout: secondsLeft(backAt),
    }));
    await context.sqs.call('ChangeMessageVisibilityBatch', { QueueUrl: source.queueUrl, Entries });
  }
}

const chunks = (messages: readonly Message[]): readonly (readonly Message[])[] =>
  Array.from({ length: Math.ceil(messages.length / CALL_MAX) }, (_, n) =>
    messages.slice(n * CALL_MAX, (n + 1) * CALL_MAX),
  );
