import { isObject, type Json, type JsonObject, parseJsonObject } from '../json.ts';

/** A received message as the queue gives it. */
export type Message = {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  readonly raw: JsonObject;
  /** When the queue would show it again (epoch ms, virtual). */
  readonly backAt: number;
};

/** The part of a message that the poller works with. */
export const readMessage = (raw: JsonObject, backAt: number): Message => ({
  id: String(raw['MessageId']),
  receipt: String(raw['ReceiptHandle']),
  body: String(raw['Body']),
  raw,
  backAt,
});

/** A message as a handler sees it in `event.Records`. */
export const sqsRecord = (
  message: Message,
  source: { readonly arn: string; readonly region: string },
): JsonObject => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: isObject(message.raw['Attributes']) ? message.raw['Attributes'] : {},
  messageAttributes: attributesOf(message.raw['MessageAttributes']),
  md5OfBody: message.raw['MD5OfBody'] ?? '',
  eventSource: 'aws:sqs',
  eventSourceARN: source.arn,
  awsRegion: source.region,
});

function attributesOf(attributes: Json | undefined): JsonObject {
  const all = Object.entries(isObject(attributes) ? attributes : {});
  return Object.fromEntries(
    all.flatMap(([name, value]) => {
      if (!isObject(value)) return [];
      const { StringValue, BinaryValue, DataType = 'String' } = value;
      const given =
        StringValue === undefined ? { binaryValue: BinaryValue ?? '' } : { stringValue: StringValue };
      return [[name, { ...given, stringListValues: [], binaryListValues: [], dataType: DataType }]];
    }),
  );
}

/**
 * The record as filter patterns see it: the body is an object if it is JSON. A pattern over a JSON body can so never
 * match a body that is none, and such a message is dropped, as Lambda does.
 */
export const filterable = (record: JsonObject): JsonObject => ({
  ...record,
  body: parseJsonObject(String(record['body'])) ?? record['body'] ?? '',
});

/**
 * Which of the batch's messages stay in the queue, by the handler's answer to ReportBatchItemFailures. `all` when the
 * answer is not what Lambda understands: an unknown or empty identifier fails the whole batch.
 */
export function failedMessages(payload: Json, ids: ReadonlySet<string>): ReadonlySet<string> | 'all' {
  if (payload === null) return new Set();
  if (!isObject(payload)) return 'all';
  const failures = payload['batchItemFailures'];
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return 'all';
  const failed = failures.map((one: Json) => (isObject(one) ? one['itemIdentifier'] : undefined));
  const known = failed.filter((id): id is string => typeof id === 'string' && ids.has(id));
  return known.length === failed.length ? new Set(known) : 'all';
}
