import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { byAge, demandPartition, demandPrefix } from '../core/index-keys.ts';
import { DEMAND_SHARDS, type DemandHint, type DueHint } from '../ports/ledger.ts';
import { DEMAND_INDEX, DUE_INDEX, demandHintOf, dueHintOf, type LedgerRow } from './dynamodb-rows.ts';

/** Pages of one index walk: 1 MB each, about 4,000 rows, so that the 10,000 rows of the largest question fit thrice. */
const PAGES_MAX = 8;
/** The largest questions that the port allows. */
const DUE_MAX = 500;
const DEMAND_MAX = 10_000;

export interface LedgerTable {
  readonly db: DynamoDBDocumentClient;
  readonly table: string;
}

/** Due rows of one shard, oldest first. */
export async function readDue(
  { db, table }: LedgerTable,
  { shard, until, max }: { readonly shard: number; readonly until: number; readonly max: number },
): Promise<readonly DueHint[]> {
  const query = {
    TableName: table,
    IndexName: DUE_INDEX.name,
    KeyConditionExpression: '#shard = :shard AND #due <= :until',
    ExpressionAttributeNames: { '#shard': DUE_INDEX.partition, '#due': DUE_INDEX.sort },
    ExpressionAttributeValues: { ':shard': String(shard), ':until': until },
  };
  const { rows } = await walk(db, query, Math.min(max, DUE_MAX));
  return rows.map(dueHintOf);
}

/** Demand rows of one shape, or of one group in it, oldest first; the newest are cut. */
export async function readDemand(
  { db, table }: LedgerTable,
  { shape, group, max }: { readonly shape: string; readonly group?: string; readonly max: number },
): Promise<{ readonly hints: readonly DemandHint[]; readonly complete: boolean }> {
  const cut = Math.min(max, DEMAND_MAX);
  // Groups stand in key order: without a group, only whole shards show which rows are the oldest.
  const rowsMax = group === undefined ? DEMAND_MAX : cut;
  const walks = Array.from({ length: DEMAND_SHARDS }, (_, shard) => demandPartition(shape, shard))
    .flatMap((partition) => demandQueries(partition, group))
    .map((query) => walk(db, { TableName: table, IndexName: DEMAND_INDEX.name, ...query }, rowsMax));
  const parts = await Promise.all(walks);
  const hints = parts.flatMap(({ rows }) => rows.map(demandHintOf)).sort(byAge);
  return {
    hints: hints.slice(0, cut),
    complete: hints.length <= cut && parts.every(({ complete }) => complete),
  };
}

/** One walk for a whole shard; in a group one per kind, since within such a prefix rows stand oldest first. */
function demandQueries(partition: string, group: string | undefined): Partial<QueryCommandInput>[] {
  const names = { '#partition': DEMAND_INDEX.partition };
  const values = { ':partition': partition };
  if (group === undefined) {
    const KeyConditionExpression = '#partition = :partition';
    return [{ KeyConditionExpression, ExpressionAttributeNames: names, ExpressionAttributeValues: values }];
  }
  return (['job', 'runner'] as const).map((kind) => ({
    KeyConditionExpression: '#partition = :partition AND begins_with(#key, :prefix)',
    ExpressionAttributeNames: { ...names, '#key': DEMAND_INDEX.sort },
    ExpressionAttributeValues: { ...values, ':prefix': demandPrefix(group, kind) },
  }));
}

/** The first `max` rows in key order; one more is read to know whether there are more. */
async function walk(
  db: DynamoDBDocumentClient,
  query: QueryCommandInput,
  max: number,
): Promise<{ readonly rows: readonly LedgerRow[]; readonly complete: boolean }> {
  const rows: LedgerRow[] = [];
  let from: Record<string, unknown> | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const Limit = max + 1 - rows.length;
    const answer = await db.send(
      new QueryCommand({ ...query, Limit, ...(from && { ExclusiveStartKey: from }) }),
    );
    rows.push(...(answer.Items ?? []));
    from = answer.LastEvaluatedKey;
    if (from === undefined || rows.length > max) break;
  }
  return { rows: rows.slice(0, max), complete: from === undefined && rows.length <= max };
}
