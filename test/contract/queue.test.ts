import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createSqsJobsQueue, jobsQueueClient } from '../../lambdas/adapters/sqs-jobs-queue.ts';
import { type JobEvent, jobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobsQueue } from '../../lambdas/ports/jobs-queue.ts';
import { type FrontDoor, jsonBackend } from '../../local/aws/front-door.ts';
import { type Sqs, startSqs } from '../../local/aws/sqs.ts';
import { SQS_ALLOWED } from '../../local/aws/sqs-allowed.ts';
import { createClock } from '../../local/clock.ts';
import { createMemoryQueue } from '../../local/memory/memory-queue.ts';
import { type Trouble, underPlan } from '../../local/memory/trouble.ts';
import { createScheduler } from '../sim/clock.ts';
import { drawOf } from '../sim/draws.ts';
import { createFaultBook } from '../sim/fault-book.ts';
import { createJobsPort } from '../sim/functions.ts';
import { createQueue } from '../sim/sqs.ts';
import { jobItem, NOON } from './items.ts';
import { clientConfig, errorAnswer, lostAnswer, openDoor } from './local-aws.ts';

const EVENT: JobEvent = {
  v: 1,
  kind: 'job',
  action: 'queued',
  jobId: '42',
  runId: '9000',
  runAttempt: 1,
  status: 'queued',
  conclusion: null,
  labels: ['self-hosted', 'größe=„XL“'],
  name: 'build — 日本語 "quotes" \\ / <b> 🦋 \uffff',
  workflowName: 'CI',
  headBranch: 'main',
  headSha: 'a'.repeat(40),
  createdAt: NOON,
  startedAt: null,
  completedAt: null,
  runnerName: null,
  runnerId: null,
  repository: jobItem('42').repository,
  installationId: '77',
  senderLogin: 'octocat',
  receivedAt: NOON,
  delivery: null,
};

/** An empty queue, what stands on it, and a way to make the next send go wrong. */
interface QueueRig {
  readonly queue: JobsQueue;
  /** Takes everything that can be received now. */
  drain(): Promise<readonly JobEvent[]>;
  spoil(when: 'before' | 'after'): void;
}

/** The cases that every implementation of the JobsQueue port passes. */
function queueContract(make: () => Promise<QueueRig>): void {
  let rig: QueueRig;
  beforeEach(async () => {
    rig = await make();
  });

  it('delivers a message as it was sent', async () => {
    expect(await rig.queue.send(EVENT)).toEqual({ ok: true, value: undefined });
    expect(await rig.drain()).toEqual([EVENT]);
  });

  it('holds one message per send', async () => {
    for (const jobId of ['1', '2', '3']) await rig.queue.send({ ...EVENT, jobId });
    expect((await rig.drain()).map(({ jobId }) => jobId).sort()).toEqual(['1', '2', '3']);
  });

  it('calls a send unsure when its answer was lost; the message stands, and a repeat costs a duplicate', async () => {
    rig.spoil('after');
    expect(await rig.queue.send(EVENT)).toMatchObject({ ok: false, fault: { kind: 'unsure' } });
    expect(await rig.queue.send(EVENT)).toMatchObject({ ok: true });
    const received = await rig.drain();
    expect(received.length).toBeGreaterThan(1);
    for (const event of received) expect(event).toEqual(EVENT);
  });

  it('calls a send busy when it was turned away; nothing was sent', async () => {
    rig.spoil('before');
    expect(await rig.queue.send(EVENT)).toMatchObject({ ok: false, fault: { kind: 'busy' } });
    expect(await rig.drain()).toEqual([]);
  });
}

describe('the jobs queue in memory', () => {
  queueContract(async () => {
    let next: Trouble | undefined;
    const trouble = () => {
      const found = next;
      next = undefined;
      return found;
    };
    const queue = createMemoryQueue({ trouble });
    return {
      queue,
      drain: async () => queue.take(100),
      spoil: (when) => {
        const lost = { kind: 'unsure', code: 'lost' } as const;
        const busy = { kind: 'busy', code: 'throttled', retryAfterMs: 1 } as const;
        next = { when, fault: when === 'after' ? lost : busy };
      },
    };
  });
});

describe('the jobs queue of the simulation', () => {
  queueContract(async () => {
    let next: Trouble | undefined;
    const trouble = () => {
      const found = next;
      next = undefined;
      return found;
    };
    const received: JobEvent[] = [];
    const clock = createScheduler(NOON, { sources: [], before: () => undefined });
    const book = createFaultBook({ seed: 1, odds: {}, hotShare: 0, now: () => clock.now });
    const sim = { clock, book, draw: drawOf(1), tell: () => undefined };
    const jobs = createQueue(() => sim, {
      name: 'jobs',
      receivesMax: 20,
      concurrencyMax: 5,
      work: (batch, done) => {
        received.push(...batch.map(({ body }) => jobEvent.parse(JSON.parse(body))));
        done([]);
      },
    });
    const port = createJobsPort(() => ({ ...sim, jobs }));
    return {
      // Its faults are the simulated network's work: here they stand around it.
      queue: { send: (event) => underPlan(trouble, 'queue.send', () => port.send(event)) },
      drain: async () => {
        await clock.runUntil(clock.now + 60_000);
        return received;
      },
      spoil: (when) => {
        const lost = { kind: 'unsure', code: 'lost' } as const;
        const busy = { kind: 'busy', code: 'throttled', retryAfterMs: 1 } as const;
        next = { when, fault: when === 'after' ? lost : busy };
      },
    };
  });
});

describe('the jobs queue in SQS', () => {
  /** The SDK may repeat a send once, so a fault must hit both tries to reach the caller. */
  const TRIES = 2;
  let door: FrontDoor & { readonly log: readonly string[] };
  let sqs: Sqs;
  let queues = 0;

  beforeAll(async () => {
    door = await openDoor();
    sqs = startSqs({
      clock: createClock({ epochMs: 0, speed: 1 }),
      region: 'us-east-1',
      account: '111122223333',
      frontDoor: door.url,
    });
    door.attach('sqs', jsonBackend(sqs.handle, SQS_ALLOWED));
  });
  afterAll(async () => {
    await door.close();
    await sqs.close();
    expect(door.log).toEqual([]);
  });

  queueContract(async () => {
    const queueUrl = await sqs.createQueue({
      name: `jobs-${queues++}`,
      visibilitySeconds: 30,
      delaySeconds: 0,
    });
    return {
      queue: createSqsJobsQueue({ client: jobsQueueClient(clientConfig(door.url)), queueUrl }),
      drain: async () => {
        const answer = await sqs.call('ReceiveMessage', { QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
        const messages = (answer['Messages'] ?? []) as readonly { readonly Body: string }[];
        return messages.map(({ Body }) => jobEvent.parse(JSON.parse(Body)));
      },
      spoil: (when) => {
        const fault = when === 'after' ? lostAnswer : errorAnswer('ThrottlingException', 400);
        door.faults.before('sqs', 'SendMessage', fault, { times: TRIES });
      },
    };
  });

  it('refuses when the queue does not exist', async () => {
    const queueUrl = `${door.url}/111122223333/none`;
    const queue = createSqsJobsQueue({ client: jobsQueueClient(clientConfig(door.url)), queueUrl });
    expect(await queue.send(EVENT)).toMatchObject({ ok: false, fault: { kind: 'refused' } });
  });

  it('calls a send busy when no connection could be made', async () => {
    const client = jobsQueueClient(clientConfig('http://127.0.0.1:1'));
    const queue = createSqsJobsQueue({ client, queueUrl: 'http://127.0.0.1:1/111122223333/jobs' });
    expect(await queue.send(EVENT)).toMatchObject({
      ok: false,
      fault: { kind: 'busy', code: 'ECONNREFUSED' },
    });
  });
});
