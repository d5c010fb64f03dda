import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { callLimits } from '../../lambdas/adapters/aws-call.ts';
import { faultOf } from '../../lambdas/adapters/faults.ts';
import type { QueueName } from '../../lambdas/contracts/places.ts';
import { done, failed, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { ParkedQueue, Received } from '../ports/stack.ts';

/** A long poll asks all of SQS's servers: with one second a small queue shows itself whole. */
const POLL_SECONDS = 1;
/** SQS gives at most ten at a time. */
const RECEIVE_MAX = 10;
/** A thousand messages at four calls of 50 ms each are through in 200 s; what is killed shows them again after this. */
const HIDDEN_SECONDS = 300;
/** The poll, and an answer of ten times 1 MiB at most, over an operator's line. */
const REQUEST_MAX_MS = 20_000;

/** The SDK repeats throttled calls: no ledger stands behind a command, and each of its calls may be repeated. */
export const operatorSqsClient = (config: SQSClientConfig = {}): SQSClient =>
  new SQSClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 3 }), ...config });

export interface ParkedQueueParts {
  readonly client: SQSClient;
  readonly queue: QueueName;
  readonly url: string;
  readonly parkedUrl: string;
}

/** A dead-letter queue in SQS. */
export function createSqsParkedQueue({ client, queue, url, parkedUrl }: ParkedQueueParts): ParkedQueue {
  return {
    receive: () =>
      attempt('read', async () => {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: parkedUrl,
            MaxNumberOfMessages: RECEIVE_MAX,
            WaitTimeSeconds: POLL_SECONDS,
            VisibilityTimeout: HIDDEN_SECONDS,
            MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
          }),
        );
        return Messages.map((message) => received(queue, message));
      }),
    release: ({ receipt }) =>
      attempt('write', async () => {
        const release = { QueueUrl: parkedUrl, ReceiptHandle: receipt, VisibilityTimeout: 0 };
        await client.send(new ChangeMessageVisibilityCommand(release));
      }),
    resend: ({ body }) =>
      attempt('write', async () => {
        await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
      }),
    remove: ({ receipt }) =>
      attempt('write', async () => {
        await client.send(new DeleteMessageCommand({ QueueUrl: parkedUrl, ReceiptHandle: receipt }));
      }),
    count: () =>
      attempt('read', async () => ({
        waiting: await countIn(client, url),
        parked: await countIn(client, parkedUrl),
      })),
  };
}

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

async function countIn(client: SQSClient, QueueUrl: string): Promise<number> {
  const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] });
  const { Attributes = {} } = await client.send(asked);
  return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

const received = (queue: QueueName, message: Message): Received => ({
  queue,
  messageId: message.MessageId ?? '',
  body: message.Body ?? '',
  sentAt: Number(message.Attributes?.SentTimestamp ?? 0),
  receives: Number(message.Attributes?.ApproximateReceiveCount ?? 0),
  receipt: message.ReceiptHandle ?? '',
});

async function attempt<T>(effect: 'read' | 'write', call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await call());
  } catch (error) {
    return failed(faultOf(error, effect));
  }
}
