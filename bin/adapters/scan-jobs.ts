import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { itemOf } from '../../lambdas/adapters/dynamodb-rows.ts';
import { faultOf } from '../../lambdas/adapters/faults.ts';
import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import { done, failed, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { Finding, FoundJobs, JobsWhere } from '../ports/stack.ts';

/** 1 MB each: 21 days of some 100,000 jobs with their runners. Beyond that a look-up by job id is the better question. */
const PAGES_MAX = 1_000;

/** Only a person's command ever scans: there is no index by run, and none is worth its price for this. */
export async function scanJobs(
  at: { readonly client: DynamoDBClient; readonly table: string },
  where: JobsWhere,
  { signal, onRead }: Finding,
): Promise<Outcome<FoundJobs>> {
  const db = DynamoDBDocumentClient.from(at.client);
  const [field, value] = 'runId' in where ? ['runId', where.runId] : ['outcome', where.outcome];
  const query: ScanCommandInput = {
    TableName: at.table,
    FilterExpression: '#kind = :job AND #item.#field = :value',
    ExpressionAttributeNames: { '#kind': 'kind', '#item': 'item', '#field': field },
    ExpressionAttributeValues: { ':job': 'job', ':value': value },
  };
  const jobs: JobItem[] = [];
  let read = 0;
  let from: ScanCommandInput['ExclusiveStartKey'];
  try {
    for (let page = 0; page < PAGES_MAX && !signal.aborted; page += 1) {
      const answer = await db.send(new ScanCommand({ ...query, ...(from && { ExclusiveStartKey: from }) }));
      jobs.push(...(answer.Items ?? []).map((row) => itemOf('job', row)));
      read += answer.ScannedCount ?? 0;
      onRead(read);
      from = answer.LastEvaluatedKey;
      if (from === undefined) return done({ jobs, isWhole: true });
    }
    return done({ jobs, isWhole: false });
  } catch (error) {
    return failed(faultOf(error, 'read'));
  }
}
