import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../local/json.ts';
import { failedMessages } from '../../../local/lambda/sqs-records.ts';

const ids = new Set(['a', 'b']);

describe('failedMessages', () => {
  it.each<[what: string, payload: Json]>([
    ['null', null],
    ['an empty object', {}],
    ['a null list', { batchItemFailures: null }],
    ['an empty list', { batchItemFailures: [] }],
  ])('takes %s as complete success', (_what, payload) => {
    expect(failedMessages(payload, ids)).toEqual(new Set());
  });

  it('keeps exactly the named messages', () => {
    expect(failedMessages({ batchItemFailures: [{ itemIdentifier: 'b' }] }, ids)).toEqual(new Set(['b']));
  });

  it.each<[what: string, payload: Json]>([
    ['an unknown identifier', { batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'z' }] }],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['a misspelt key', { batchItemFailures: [{ messageId: 'a' }] }],
    ['no list', { batchItemFailures: 'a' }],
    ['a text', 'done'],
  ])('fails the whole batch on %s', (_what, payload) => {
    expect(failedMessages(payload, ids)).toBe('all');
  });
});
