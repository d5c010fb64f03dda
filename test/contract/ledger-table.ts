import type { DynamoDb } from '../../local/aws/dynamodb.ts';
import { isObject, type JsonObject } from '../../local/json.ts';

/** The ledger's table as `lib/ledger.ts` deploys it, in the words of CreateTable. */
const ledgerTable = (TableName: string): JsonObject => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'dueShard', AttributeType: 'S' },
    { AttributeName: 'due', AttributeType: 'N' },
    { AttributeName: 'demandShard', AttributeType: 'S' },
    { AttributeName: 'demandKey', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    index('due', ['dueShard', 'due'], ['kind', 'id']),
    index('demand', ['demandShard', 'demandKey'], ['kind', 'id', 'group', 'since', 'state']),
  ],
});

const index = (
  IndexName: string,
  keys: readonly [string, string],
  attributes: readonly string[],
): JsonObject => ({
  IndexName,
  KeySchema: [
    { AttributeName: keys[0], KeyType: 'HASH' },
    { AttributeName: keys[1], KeyType: 'RANGE' },
  ],
  Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: attributes },
});

/** The emulator creates a table within some event loop turns; far more of them than this would be a hang. */
const LOOKS_MAX = 200;

/** Creates the table and waits until it can be used. */
export async function createLedgerTable(dynamo: DynamoDb, name: string): Promise<void> {
  await dynamo.call('CreateTable', ledgerTable(name));
  for (let look = 0; look < LOOKS_MAX; look++) {
    const { Table } = await dynamo.call('DescribeTable', { TableName: name });
    if (isObject(Table) && Table['TableStatus'] === 'ACTIVE') return;
  }
  throw new Error(`table ${name} did not become active`);
}
