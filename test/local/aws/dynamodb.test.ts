import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDynamoDb } from '../../../local/aws/dynamodb.ts';
import { type OpenDoor, openDoor } from './open-door.ts';

let door: OpenDoor;
const TableName = 'ledger';
const GlobalSecondaryIndexes = [
  {
    IndexName: 'due',
    KeySchema: [
      { AttributeName: 'shard', KeyType: 'HASH' },
      { AttributeName: 'due', KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['step'] },
  },
];

beforeAll(async () => {
  door = await openDoor();
  await door.dynamodb.call('CreateTable', {
    TableName,
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'shard', AttributeType: 'S' },
      { AttributeName: 'due', AttributeType: 'N' },
    ],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    GlobalSecondaryIndexes,
  });
  for (const [n, step] of ['held', 'waiting', 'held'].entries()) await put(item(n, step));
});
afterAll(() => door.end());

const item = (n: number, step: string): Record<string, AttributeValue> => ({
  pk: { S: `job#${n}` },
  ...{ shard: { S: 's' }, due: { N: String(n) } },
  ...{ step: { S: step }, note: { S: 'not projected' } },
});
const put = (Item: Record<string, AttributeValue>) =>
  door.clients.dynamodb.send(new PutItemCommand({ TableName, Item }));
const key = (pk: string) => ({ pk: { S: pk } });
const keysOf = (items: readonly Record<string, AttributeValue>[] | undefined) =>
  items?.map(({ pk }) => pk?.S);

describe('the local DynamoDB honours', () => {
  it('conditions and returned values of writes', async () => {
    const { dynamodb } = door.clients;
    const names = { '#step': 'step' };
    const update = (from: string, to: string) =>
      dynamodb.send(
        new UpdateItemCommand({
          TableName,
          Key: key('job#new'),
          UpdateExpression: 'SET #step = :to, tries = if_not_exists(tries, :zero) + :one',
          ConditionExpression: 'attribute_not_exists(pk) OR #step = :from',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: {
            ':to': { S: to },
            ':from': { S: from },
            ':zero': { N: '0' },
            ':one': { N: '1' },
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
    expect((await update('none', 'held')).Attributes).toMatchObject({
      step: { S: 'held' },
      tries: { N: '1' },
    });
    await expect(update('waiting', 'lost')).rejects.toThrow(
      /ConditionalCheckFailed|conditional request failed/,
    );
    expect((await update('held', 'waiting')).Attributes).toMatchObject({ tries: { N: '2' } });

    const again = { TableName, Item: key('job#new'), ConditionExpression: 'attribute_not_exists(pk)' };
    const repeated = dynamodb.send(new PutItemCommand(again));
    await expect(repeated).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    const replaced = await dynamodb.send(
      new PutItemCommand({ ...again, ConditionExpression: 'attribute_exists(pk)', ReturnValues: 'ALL_OLD' }),
    );
    expect(replaced.Attributes).toMatchObject({ step: { S: 'waiting' } });
    const gone = {
      TableName,
      Key: key('job#new'),
      ConditionExpression: 'attribute_not_exists(#step)',
      ExpressionAttributeNames: names,
    };
    const deleted = await dynamodb.send(new DeleteItemCommand({ ...gone, ReturnValues: 'ALL_OLD' }));
    expect(deleted.Attributes).toEqual(key('job#new'));
  });

  it('one winner among equal conditional writes', async () => {
    const claim = (n: number) =>
      door.clients.dynamodb.send(
        new PutItemCommand({
          TableName,
          Item: { ...key('fence'), by: { N: String(n) } },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => claim(n)));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await door.clients.dynamodb.send(new DeleteItemCommand({ TableName, Key: key('fence') }));
  });

  it('queries of an index: order, range, filter, pages and the projection', async () => {
    const { dynamodb } = door.clients;
    const base = {
      ...{ TableName, IndexName: 'due' },
      KeyConditionExpression: '#shard = :shard AND due BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#shard': 'shard' },
      ExpressionAttributeValues: { ':shard': { S: 's' }, ':from': { N: '0' }, ':to': { N: '2' } },
    };
    const first = await dynamodb.send(new QueryCommand({ ...base, Limit: 2, ScanIndexForward: false }));
    expect(keysOf(first.Items)).toEqual(['job#2', 'job#1']);
    expect(first.Items?.[0]).not.toHaveProperty('note');
    const { LastEvaluatedKey: ExclusiveStartKey } = first;
    const next = await dynamodb.send(
      new QueryCommand({ ...base, ScanIndexForward: false, ExclusiveStartKey }),
    );
    expect(keysOf(next.Items)).toEqual(['job#0']);
    const filtered = await dynamodb.send(
      new QueryCommand({
        ...base,
        FilterExpression: 'step = :held',
        ExpressionAttributeValues: { ...base.ExpressionAttributeValues, ':held': { S: 'held' } },
        ProjectionExpression: 'pk',
      }),
    );
    expect(filtered.Items).toEqual([key('job#0'), key('job#2')]);
    expect((await dynamodb.send(new QueryCommand({ ...base, Select: 'COUNT' }))).Count).toBe(3);
  });

  it('reads of one, of several and of all items', async () => {
    const { dynamodb } = door.clients;
    const one = await dynamodb.send(
      new GetItemCommand({
        TableName,
        Key: key('job#1'),
        ConsistentRead: true,
        ProjectionExpression: 'step',
      }),
    );
    expect(one.Item).toEqual({ step: { S: 'waiting' } });
    const Keys = [key('job#0'), key('job#9')];
    const several = await dynamodb.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }));
    expect(keysOf(several.Responses?.[TableName])).toEqual(['job#0']);
    const writes = [{ PutRequest: { Item: item(7, 'done') } }, { DeleteRequest: { Key: key('job#2') } }];
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: writes } }));
    const all = await dynamodb.send(new ScanCommand({ TableName }));
    expect(keysOf(all.Items)?.sort()).toEqual(['job#0', 'job#1', 'job#7']);
  });
});

describe('the front door refuses of DynamoDB', () => {
  it.each([
    [
      'transactions',
      () => door.clients.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [] })),
      /TransactWriteItems/,
    ],
    [
      'the old item of a failed condition',
      () => {
        const Item = key('x');
        return door.clients.dynamodb.send(
          new PutItemCommand({ TableName, Item, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
        );
      },
      /ReturnValuesOnConditionCheckFailure/,
    ],
    [
      'legacy conditions',
      () => {
        const Expected = { pk: { Exists: false } };
        return door.clients.dynamodb.send(new PutItemCommand({ TableName, Item: key('x'), Expected }));
      },
      /Expected/,
    ],
    [
      'parallel scans',
      () => door.clients.dynamodb.send(new ScanCommand({ TableName, Segment: 0, TotalSegments: 2 })),
      /Segment/,
    ],
  ])('%s, which the emulator would drop without a word', async (_what, call, sentence) => {
    const refused = call();
    await expect(refused).rejects.toMatchObject({ name: 'NotModelledLocally' });
    await expect(refused).rejects.toThrow(sentence);
  });
});

describe('closing', () => {
  it('waits for what is under way: closed under a write, the database would bring the whole run down', async () => {
    const db = await startDynamoDb();
    await db.call('CreateTable', {
      TableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    await db.call('DescribeTable', { TableName });
    const writes = Array.from({ length: 50 }, (_, n) =>
      db.call('PutItem', { TableName, Item: { pk: { S: `${n}` } } }),
    );
    await db.close();
    expect(await Promise.all(writes)).toHaveLength(writes.length);
  });
});
