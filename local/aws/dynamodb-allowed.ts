import { isObject } from '../json.ts';
import { type AllowList, objectsIn, unlisted } from './allow-list.ts';

const NAMES = ['ExpressionAttributeNames'] as const;
const EXPRESSIONS = [...NAMES, 'ExpressionAttributeValues'] as const;
const WRITE = ['TableName', 'ConditionExpression', 'ReturnValues', ...EXPRESSIONS] as const;
const PAGE = [
  'TableName',
  'FilterExpression',
  'ProjectionExpression',
  'Limit',
  'ExclusiveStartKey',
  'Select',
];

/** Each was tried against dynalite (test/local/aws/dynamodb.test.ts); what it drops without a word is not here. */
export const DYNAMODB_ALLOWED: AllowList = {
  GetItem: { parameters: ['TableName', 'Key', 'ConsistentRead', 'ProjectionExpression', ...NAMES] },
  PutItem: { parameters: ['Item', ...WRITE] },
  UpdateItem: { parameters: ['Key', 'UpdateExpression', ...WRITE] },
  DeleteItem: { parameters: ['Key', ...WRITE] },
  Query: {
    parameters: [
      ...[...PAGE, ...EXPRESSIONS],
      ...['IndexName', 'KeyConditionExpression', 'ScanIndexForward', 'ConsistentRead'],
    ],
  },
  Scan: { parameters: [...PAGE, ...EXPRESSIONS, 'ConsistentRead'] },
  BatchGetItem: {
    parameters: ['RequestItems'],
    check: ({ RequestItems }) =>
      Object.values(isObject(RequestItems) ? RequestItems : {})
        .filter(isObject)
        .map((table) => unlisted(table, ['Keys', 'ConsistentRead', 'ProjectionExpression', ...NAMES], 'keys'))
        .find((sentence) => sentence !== undefined),
  },
  BatchWriteItem: {
    parameters: ['RequestItems'],
    check: ({ RequestItems }) =>
      Object.values(isObject(RequestItems) ? RequestItems : {})
        .flatMap(objectsIn)
        .map((write) => unlisted(write, ['PutRequest', 'DeleteRequest'], 'requests'))
        .find((sentence) => sentence !== undefined),
  },
};
