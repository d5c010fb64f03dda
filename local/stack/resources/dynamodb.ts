import { z } from 'zod';
import { arnOf, physicalName } from '../identity.ts';
import { inert, kind } from '../kind.ts';

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const projection = z.strictObject({
  ProjectionType: z.enum(['ALL', 'INCLUDE', 'KEYS_ONLY']),
  NonKeyAttributes: z.array(z.string()).optional(),
});
const index = z.strictObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: projection,
  WarmThroughput: inert('no throughput limits here'),
  WriteOnDemandThroughputSettings: inert('no throughput limits here'),
});
const replica = z.strictObject({
  Region: z.string(),
  PointInTimeRecoverySpecification: inert('nothing to restore: the table lives in memory'),
  DeletionProtectionEnabled: inert('the table ends with the run'),
  ContributorInsightsSpecification: inert('no metrics here'),
  GlobalSecondaryIndexes: inert('per-replica settings of metrics and throughput'),
  ReadOnDemandThroughputSettings: inert('no throughput limits here'),
  SSESpecification: inert('nothing is written to a disk here'),
  TableClass: inert('a price class'),
  Tags: inert('tags are read by bills and IAM conditions only'),
});

/**
 * TableV2 in one region. Items never expire here: TTL is a clean-up that AWS does within days, nothing may rely on it.
 * Reads are always consistent, also on indexes: the lag of an index is the simulation's to show.
 */
const table = kind(
  'AWS::DynamoDB::GlobalTable',
  z.strictObject({
    TableName: z.string().optional(),
    AttributeDefinitions: z.array(
      z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    KeySchema: keySchema,
    BillingMode: z.literal('PAY_PER_REQUEST'),
    GlobalSecondaryIndexes: z.array(index).optional(),
    Replicas: z.array(replica).length(1, 'want one replica: other regions are not modelled locally'),
    TimeToLiveSpecification: inert('items never expire in a local run'),
    SSESpecification: inert('nothing is written to a disk here'),
    WarmThroughput: inert('no throughput limits here'),
    WriteOnDemandThroughputSettings: inert('no throughput limits here'),
  }),
  async (given, { logicalId, context }) => {
    const { dynamodb, identity } = context;
    const TableName = given.TableName ?? physicalName(identity, logicalId, 255);
    const indexes = given.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
      ...{ IndexName, KeySchema },
      Projection: { ProjectionType: Projection.ProjectionType, ...nonKey(Projection.NonKeyAttributes) },
    }));
    await dynamodb.call('CreateTable', {
      TableName,
      AttributeDefinitions: given.AttributeDefinitions,
      KeySchema: given.KeySchema,
      BillingMode: given.BillingMode,
      ...(indexes && { GlobalSecondaryIndexes: indexes }),
    });
    await active(async () => (await dynamodb.call('DescribeTable', { TableName }))['Table']);
    return {
      ref: TableName,
      attributes: { Arn: arnOf(identity, 'dynamodb', `table/${TableName}`), TableId: TableName },
      remove: async () => void (await dynamodb.call('DeleteTable', { TableName })),
    };
  },
);

const nonKey = (names: readonly string[] | undefined) => (names ? { NonKeyAttributes: names } : {});

/** The emulator creates tables on a timer of 0 ms, so a few looks are enough. */
const LOOKS_MAX = 100;
const LOOK_EVERY_REAL_MS = 5;
const described = z.looseObject({ TableStatus: z.string() });

async function active(describe: () => Promise<unknown>): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    if (described.parse(await describe()).TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_REAL_MS));
  }
  throw new Error(`the local table was not active after ${LOOKS_MAX * LOOK_EVERY_REAL_MS} ms`);
}

export const dynamodbKinds = [table];
