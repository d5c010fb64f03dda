import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ItemKind, ItemOf, LedgerItem } from '../contracts/ledger.ts';
import { itemId, keyOf } from '../core/index-keys.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import { done, type Fault, failed, type Outcome } from '../ports/outcome.ts';
import { callLimits } from './aws-call.ts';
import { type LedgerTable, readDemand, readDue } from './dynamodb-index.ts';
import { itemOf, rowOf } from './dynamodb-rows.ts';
import { type Effect, faultOf } from './faults.ts';
import { storable } from './ledger-check.ts';

/** One call takes milliseconds; a third of the shortest function time limit (15 s) leaves room to read after a lost write. */
const REQUEST_MAX_MS = 5_000;

/** A client as the ledger wants it: no SDK retries, because every caller re-reads and decides anew, or comes back later. */
export const ledgerClient = (config: DynamoDBClientConfig = {}): DynamoDBClient =>
  new DynamoDBClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 1 }), ...config });

/** DynamoDB takes at most 100 keys in one BatchGetItem. */
const READ_MANY_MAX = 100;
/** A batch read may leave keys out when a partition is hot: asked again this often, with growing pauses (750 ms in all). */
const BATCH_ROUNDS_MAX = 5;
const BATCH_PAUSE_MS = 50;
const KEYS_UNPROCESSED: Fault = { kind: 'busy', code: 'keys-unprocessed', retryAfterMs: 1_000 };

export interface DynamoLedgerParts {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

/** The ledger in one DynamoDB table. */
export function createDynamoLedger({ client, table, clock }: DynamoLedgerParts): Ledger {
  const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const at: LedgerTable = { db, table };
  return {
    read: (kind, id) =>
      attempt(async () => {
        const Key = { pk: keyOf(kind, id) };
        const { Item } = await db.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
        return done(Item && itemOf(kind, Item));
      }),
    readMany: (kind, ids) => attempt(() => readMany(at, { kind, ids }, clock)),
    write: (item) => write(at, item),
    due: (shard, until, max) => attempt(async () => done(await readDue(at, { shard, until, max }))),
    demand: (query) => attempt(async () => done(await readDemand(at, query))),
  };
}

async function readMany<K extends ItemKind>(
  { db, table }: LedgerTable,
  { kind, ids }: { readonly kind: K; readonly ids: readonly string[] },
  clock: Clock,
): Promise<Outcome<readonly ItemOf<K>[]>> {
  if (ids.length > READ_MANY_MAX) {
    throw new Error(`readMany: want at most ${READ_MANY_MAX} ids, got ${ids.length}`);
  }
  // A key named twice would fail the whole batch.
  let left: Record<string, unknown>[] = [...new Set(ids)].map((id) => ({ pk: keyOf(kind, id) }));
  const items: ItemOf<K>[] = [];
  for (let round = 0; left.length > 0; round++) {
    if (round === BATCH_ROUNDS_MAX) return failed(KEYS_UNPROCESSED);
    if (round > 0) await clock.sleep(BATCH_PAUSE_MS * 2 ** (round - 1));
    const RequestItems = { [table]: { Keys: left, ConsistentRead: true } };
    const answer = await db.send(new BatchGetCommand({ RequestItems }));
    items.push(...(answer.Responses?.[table] ?? []).map((row) => itemOf(kind, row)));
    left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return done(items);
}

/** Conditional on the revision alone: that is what makes every read-decide-write of any two functions safe. */
async function write<I extends LedgerItem>(
  { db, table }: LedgerTable,
  item: I,
): Promise<Outcome<I | 'stale'>> {
  const next = storable({ ...item, rev: item.rev + 1 });
  const condition =
    item.rev === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: '#rev = :rev',
          ExpressionAttributeNames: { '#rev': 'rev' },
          ExpressionAttributeValues: { ':rev': item.rev },
        };
  try {
    await db.send(new PutCommand({ TableName: table, Item: rowOf(next), ...condition }));
    return done(next);
  } catch (error) {
    if (nameOf(error) === 'ConditionalCheckFailedException') return done('stale');
    return failed(ledgerFault(error, 'write', keyOf(item.kind, itemId(item))));
  }
}

/** A read whose error is a fault; what is our own bug or a corrupt row is thrown on. */
async function attempt<T>(read: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await read();
  } catch (error) {
    return failed(ledgerFault(error, 'read', 'a read'));
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** A request that DynamoDB finds malformed is our bug: repeated, now or later, it would fail the same way. */
function ledgerFault(error: unknown, effect: Effect, on: string): Fault {
  const name = nameOf(error);
  if (name === 'ValidationException' || name === 'SerializationException') {
    throw new Error(`DynamoDB found our request malformed: ${name} on ${on}`, { cause: error });
  }
  return faultOf(error, effect);
}
