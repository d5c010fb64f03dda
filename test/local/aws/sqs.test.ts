import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastClock } from '../stack/local-stack.ts';
import { type OpenDoor, openDoor } from './open-door.ts';

let door: OpenDoor;
let QueueUrl: string;
beforeEach(async () => {
  door = await openDoor(fastClock(100));
  QueueUrl = await door.sqs.createQueue({ name: 'jobs', visibilitySeconds: 30, delaySeconds: 0 });
});
afterEach(() => door.end());

const receive = (more: object = {}) =>
  door.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }));

describe('the local SQS', () => {
  it('is reached by its queue URL, which is the front door’s', async () => {
    const found = await door.clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
    expect(found.QueueUrl).toBe(QueueUrl);
    expect(QueueUrl).toBe(`${door.door.url}/000000000000/jobs`);
  });

  it('sends, receives and deletes in batches, with attributes only when they are asked for', async () => {
    const MessageAttributes = { kind: { DataType: 'String', StringValue: 'job' } };
    const Entries = [0, 1].map((n) => ({ Id: `e${n}`, MessageBody: `m${n}`, MessageAttributes }));
    await door.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const { Messages = [] } = await receive();
    expect(Messages.map(({ Body }) => Body)).toEqual(['m0', 'm1']);
    expect(Messages[0]).not.toHaveProperty('MessageAttributes');
    const back = Messages.map(({ ReceiptHandle }, n) => ({
      Id: String(n),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    for (const { Id: _, ...one } of back)
      await door.clients.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ...one }));
    const again = await receive({ MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
    expect(again.Messages?.[0]).toMatchObject({
      MessageAttributes: { kind: { StringValue: 'job' } },
      Attributes: { ApproximateReceiveCount: '2' },
    });
    const gone = (again.Messages ?? []).map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle }));
    await door.clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: gone }));
    const AttributeNames = ['ApproximateNumberOfMessages' as const];
    const counts = await door.clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    expect(counts.Attributes).toEqual({ ApproximateNumberOfMessages: '0' });
  });

  it('delays in virtual seconds and stamps in virtual time', async () => {
    const from = Date.now();
    await door.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 30 }));
    expect((await receive()).Messages).toBeUndefined();
    const { Messages = [] } = await receive({ WaitTimeSeconds: 5, MessageSystemAttributeNames: ['All'] });
    const real = Date.now() - from;
    expect(Messages.map(({ Body }) => Body)).toEqual(['later']);
    expect(real).toBeLessThan(5_000);
    const stamps = Messages[0]?.Attributes;
    const waited = Number(stamps?.ApproximateFirstReceiveTimestamp) - Number(stamps?.SentTimestamp);
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });

  it.each([
    ['message groups', () => send({ MessageGroupId: 'tenant' }), /MessageGroupId/],
    ['a delay above 15 minutes', () => send({ DelaySeconds: 901 }), /0 to 900/],
    ['groups inside a batch', () => sendBatch({ MessageGroupId: 'tenant' }), /MessageGroupId/],
    ['creating queues, which is the template’s part', () => createQueue('x'), /CreateQueue/],
    ['attributes that would tell real seconds', () => attributesOf(['All']), /All/],
  ])('refuses %s', async (_what, call, sentence) => {
    await expect(call()).rejects.toThrow(sentence);
  });

  const send = (more: object) =>
    door.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'm', ...more }));
  const sendBatch = (more: object) =>
    door.clients.sqs.send(
      new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'm', ...more }] }),
    );
  const createQueue = (QueueName: string) => door.clients.sqs.send(new CreateQueueCommand({ QueueName }));
  const attributesOf = (AttributeNames: QueueAttributeName[]) =>
    door.clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
});
