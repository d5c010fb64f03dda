import type { JsonObject } from '../json.ts';
import { type AllowList, objectsIn, unlisted } from './allow-list.ts';

const SEND = ['MessageBody', 'DelaySeconds', 'MessageAttributes'] as const;
/** SQS: a message may be delayed by 15 minutes at most; the emulator does not check. */
const DELAY_MAX_SECONDS = 900;
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

const delayProblem = ({ DelaySeconds }: JsonObject): string | undefined =>
  typeof DelaySeconds === 'number' && (DelaySeconds < 0 || DelaySeconds > DELAY_MAX_SECONDS)
    ? `DelaySeconds: want 0 to ${DELAY_MAX_SECONDS}, got ${DelaySeconds}`
    : undefined;

const entries = (listed: readonly string[], check?: (entry: JsonObject) => string | undefined) => ({
  parameters: ['QueueUrl', 'Entries'],
  check: ({ Entries }: JsonObject) =>
    objectsIn(Entries)
      .map((entry) => unlisted(entry, ['Id', ...listed], 'entry fields') ?? check?.(entry))
      .find((sentence) => sentence !== undefined),
});

/**
 * Standard queues only. Group ids (fair queues) and message system attributes are accepted and dropped by the emulator,
 * so they are refused here; queue attributes other than the counts would tell of virtual seconds as real ones.
 */
export const SQS_ALLOWED: AllowList = {
  SendMessage: { parameters: ['QueueUrl', ...SEND], check: delayProblem },
  SendMessageBatch: entries(SEND, delayProblem),
  ReceiveMessage: {
    parameters: [
      ...['QueueUrl', 'MaxNumberOfMessages', 'WaitTimeSeconds', 'VisibilityTimeout'],
      ...['AttributeNames', 'MessageSystemAttributeNames', 'MessageAttributeNames'],
    ],
  },
  DeleteMessage: { parameters: ['QueueUrl', 'ReceiptHandle'] },
  DeleteMessageBatch: entries(['ReceiptHandle']),
  ChangeMessageVisibility: { parameters: ['QueueUrl', 'ReceiptHandle', 'VisibilityTimeout'] },
  ChangeMessageVisibilityBatch: entries(['ReceiptHandle', 'VisibilityTimeout']),
  GetQueueUrl: { parameters: ['QueueName'] },
  GetQueueAttributes: {
    parameters: ['QueueUrl', 'AttributeNames'],
    check: ({ AttributeNames }) => {
      const names = Array.isArray(AttributeNames) ? AttributeNames : ['All'];
      const strange = names.filter((name) => typeof name !== 'string' || !COUNTS.includes(name));
      return strange.length > 0 ? `attributes not modelled locally: ${strange.join(', ')}` : undefined;
    },
  },
};
