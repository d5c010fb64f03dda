import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../json.ts';
import { type AllowList, objectsIn } from './allow-list.ts';
import { type AwsAnswer, jsonAnswer, jsonError } from './answer.ts';

/** Delivery streams whose records become lines of a file at once: no buffer, no Parquet. */
export type Firehose = {
  create(name: string): void;
  remove(name: string): void;
  handle(action: string, parameters: JsonObject): AwsAnswer;
};

export const FIREHOSE_ALLOWED: AllowList = {
  PutRecordBatch: { parameters: ['DeliveryStreamName', 'Records'] },
};

/** Firehose's own limits of one call. */
const RECORDS_MAX = 500;
const BATCH_MAX_BYTES = 4 * 1024 * 1024;
const RECORD_MAX_BYTES = 1_000 * 1024;

/** All streams write to `<directory>/records.jsonl`. */
export function createFirehose(directory: string): Firehose {
  const streams = new Set<string>();
  const handle = (_action: string, { DeliveryStreamName, Records }: JsonObject): AwsAnswer => {
    if (!streams.has(String(DeliveryStreamName)))
      return jsonError('ResourceNotFoundException', `no delivery stream ${DeliveryStreamName}`);
    const records = objectsIn(Records).map(({ Data }) => Buffer.from(String(Data), 'base64'));
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    const isTooLarge = bytes > BATCH_MAX_BYTES || records.some(({ length }) => length > RECORD_MAX_BYTES);
    if (records.length < 1 || records.length > RECORDS_MAX || isTooLarge)
      return jsonError('InvalidArgumentException', `Records: want 1 to ${RECORDS_MAX} of 4 MiB in all`);
    mkdirSync(directory, { recursive: true });
    appendFileSync(join(directory, 'records.jsonl'), Buffer.concat(records));
    const RequestResponses = records.map((_, index) => ({ RecordId: `${bytes}.${index}` }));
    return jsonAnswer({ FailedPutCount: 0, Encrypted: false, RequestResponses });
  };
  return { create: (name) => void streams.add(name), remove: (name) => void streams.delete(name), handle };
}
