import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { objectsIn } from '../../../local/aws/allow-list.ts';
import { type Sqs, startSqs } from '../../../local/aws/sqs.ts';
import { isObject, type Json, type JsonObject } from '../../../local/json.ts';
import { readPattern } from '../../../local/lambda/event-pattern.ts';
import { type EventSourceMapping, startEventSource } from '../../../local/lambda/event-source.ts';
import type { InvokeOutcome } from '../../../local/lambda/outcome.ts';
import type { EventSource } from '../../../local/lambda/sqs-batch.ts';
import { eventually, fastClock } from '../stack/local-stack.ts';

const ok = (payload: Json): InvokeOutcome => ({ ok: true, payload, requestId: 'r', ms: 1 });
const failed: InvokeOutcome = {
  ...{ ok: false, fault: 'function', requestId: 'r', ms: 1 },
  error: { errorType: 'Error', errorMessage: 'broken', trace: [] },
};

let sqs: Sqs;
let mapping: EventSourceMapping | undefined;
let queueUrl: string;
let parkedUrl: string;
const clock = fastClock();

beforeEach(async () => {
  sqs = startSqs({ clock, region: 'us-east-1', account: '000000000000', frontDoor: 'http://127.0.0.1:1' });
  parkedUrl = await sqs.createQueue({ name: 'parked', visibilitySeconds: 30, delaySeconds: 0 });
  const deadLetter = { queueName: 'parked', receivesMax: 1 };
  queueUrl = await sqs.createQueue({ name: 'jobs', visibilitySeconds: 30, delaySeconds: 0, deadLetter });
});
afterEach(async () => {
  await mapping?.close();
  mapping = undefined;
  await sqs.close();
});

/** Starts a mapping whose function is `handle`, and keeps the bodies of each batch. */
function start(
  more: Partial<EventSource>,
  handle: (bodies: string[], event: JsonObject) => Promise<InvokeOutcome>,
) {
  const batches: string[][] = [];
  const source: EventSource = {
    ...{
      queueUrl,
      queueArn: 'arn:jobs',
      region: 'us-east-1',
      batchMax: 100,
      windowMs: 20_000,
      visibilityMs: 30_000,
      invokeRealMaxMs: 5_000,
    },
    ...{ concurrencyMax: 2, reportsFailures: true, filters: [], ...more },
  };
  const invoke = (event: Json) => {
    const bodies = isObject(event) ? objectsIn(event['Records']).map(({ body }) => String(body)) : [];
    batches.push(bodies);
    return handle(bodies, isObject(event) ? event : {});
  };
  mapping = startEventSource(source, { clock, sqs, invoke, log: () => undefined });
  return batches;
}

async function send(bodies: readonly string[]): Promise<void> {
  for (const [n, MessageBody] of bodies.entries()) {
    const MessageAttributes = { n: { DataType: 'Number', StringValue: String(n) } };
    await sqs.call('SendMessage', { QueueUrl: queueUrl, MessageBody, MessageAttributes });
  }
}

async function counted(url: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const { Attributes } = await sqs.call('GetQueueAttributes', { QueueUrl: url, AttributeNames: names });
  return Object.values(isObject(Attributes) ? Attributes : {}).reduce(
    (sum: number, one) => sum + Number(one),
    0,
  );
}
const untilCount = (url: string, wanted: number) =>
  eventually(async () => ((await counted(url)) === wanted ? true : undefined));

describe('an event source mapping', () => {
  it('gathers more than ten messages into one batch within its window', async () => {
    await send(Array.from({ length: 25 }, (_, n) => `m${n}`));
    const batches = start({ batchMax: 20, windowMs: 100_000 }, async () => ok(null));
    await untilCount(queueUrl, 0);
    expect(batches.map((batch) => batch.length)).toEqual([20, 5]);
  });

  it('shows a message as Lambda does', async () => {
    await send(['hello']);
    const seen: Json[] = [];
    start({}, async (_bodies, event) => {
      seen.push(...objectsIn(event['Records']));
      return ok(null);
    });
    await untilCount(queueUrl, 0);
    expect(seen).toEqual([
      {
        messageId: expect.any(String),
        receiptHandle: expect.any(String),
        body: 'hello',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d+$/),
          SenderId: expect.any(String),
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d+$/),
        },
        messageAttributes: {
          n: { stringValue: '0', stringListValues: [], binaryListValues: [], dataType: 'Number' },
        },
        md5OfBody: '5d41402abc4b2a76b9719d911017c592',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:jobs',
        awsRegion: 'us-east-1',
      },
    ]);
  });

  it('deletes all but the reported messages, which the queue then parks', async () => {
    await send(['good', 'poison', 'fine']);
    const batches = start({}, async (_bodies, event) => {
      const poison = objectsIn(event['Records']).find(({ body }) => body === 'poison');
      return ok({ batchItemFailures: poison ? [{ itemIdentifier: poison['messageId'] ?? '' }] : [] });
    });
    await untilCount(parkedUrl, 1);
    expect(await counted(queueUrl)).toBe(0);
    expect(batches).toEqual([['good', 'poison', 'fine']]);
  });

  it.each<[what: string, outcome: InvokeOutcome]>([
    ['the function fails', failed],
    [
      'the answer names a message that was not in the batch',
      ok({ batchItemFailures: [{ itemIdentifier: 'z' }] }),
    ],
  ])('deletes nothing when %s', async (_what, outcome) => {
    await send(['a', 'b']);
    start({}, async () => outcome);
    await untilCount(parkedUrl, 2);
    expect(await counted(queueUrl)).toBe(0);
  });

  it('deletes the whole batch when it does not read answers', async () => {
    await send(['a']);
    start({ reportsFailures: false }, async () => ok({ batchItemFailures: [{ itemIdentifier: 'z' }] }));
    await untilCount(queueUrl, 0);
    expect(await counted(parkedUrl)).toBe(0);
  });

  it('never runs more invocations at once than it may', async () => {
    await send(Array.from({ length: 8 }, (_, n) => `m${n}`));
    let running = 0;
    let most = 0;
    const batches = start({ batchMax: 1, windowMs: 0 }, async () => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(10_000);
      running -= 1;
      return ok(null);
    });
    await untilCount(queueUrl, 0);
    expect(batches).toHaveLength(8);
    expect(most).toBe(2);
  });

  it('never hands a message out again while it is worked on, however long that takes', async () => {
    await send(['slow']);
    const batches = start({}, async () => {
      // Twice the queue's visibility timeout.
      await clock.sleep(60_000);
      return ok(null);
    });
    await untilCount(queueUrl, 0);
    expect(batches).toEqual([['slow']]);
    expect(await counted(parkedUrl)).toBe(0);
  });

  it('deletes unseen what no filter matches', async () => {
    await send(['{"kind":"job"}', '{"kind":"other"}', 'not json']);
    const filters = [readPattern({ body: { kind: ['job'] } })];
    const batches = start({ filters }, async () => ok(null));
    await untilCount(queueUrl, 0);
    expect(batches).toEqual([['{"kind":"job"}']]);
  });
});
