import { FirehoseClient, type FirehoseClientConfig, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import type { UsageRecord } from '../contracts/usage.ts';
import { done, failed } from '../ports/outcome.ts';
import type { UsageLake } from '../ports/usage.ts';
import { callLimits } from './aws-call.ts';
import { faultOf } from './faults.ts';

/** A batch of 500 records is below 1 MB. */
const REQUEST_MAX_MS = 5_000;
/** Firehose takes 4 MiB in one call; a record of the longest names stays below 16 KiB, so slices of this size fit. */
const BATCH_MAX = 250;

/** Nothing is repeated here: what was not taken is due again in the next pass. */
export const firehoseClient = (config: FirehoseClientConfig = {}): FirehoseClient =>
  new FirehoseClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 1 }), ...config });

/** The lake behind a Firehose stream. A line break ends each record, so that files of lines stay files of lines. */
export const createFirehoseUsage = (parts: {
  readonly client: FirehoseClient;
  readonly stream: string;
}): UsageLake => ({
  put: async (records) => {
    const taken: string[] = [];
    for (let from = 0; from < records.length; from += BATCH_MAX) {
      const slice = records.slice(from, from + BATCH_MAX);
      try {
        taken.push(...(await putSlice(slice, parts)));
      } catch (error) {
        // Slices before this one are safe; whoever asked sends the rest again.
        if (taken.length === 0) return failed(faultOf(error, 'write'));
        break;
      }
    }
    return done(taken);
  },
});

async function putSlice(
  records: readonly UsageRecord[],
  { client, stream }: { readonly client: FirehoseClient; readonly stream: string },
): Promise<readonly string[]> {
  const answer = await client.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: stream,
      Records: records.map((record) => ({ Data: Buffer.from(`${JSON.stringify(record)}\n`) })),
    }),
  );
  // One answer per record, in order; one with an error code was not taken.
  return records
    .filter((_, index) => answer.RequestResponses?.[index]?.ErrorCode === undefined)
    .map(({ instance_id }) => instance_id);
}
