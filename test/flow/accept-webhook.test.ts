import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { isSigned } from '../../lambdas/adapters/webhook-signature.ts';
import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import { projectWebhook } from '../../lambdas/core/project-webhook.ts';
import { acceptWebhook, WEBHOOK_BYTES_MAX, type WebhookPorts } from '../../lambdas/flow/accept-webhook.ts';
import { done, failed } from '../../lambdas/ports/outcome.ts';
import { settingsOf, T0 } from '../core/fixtures.ts';

interface Example {
  readonly name: string;
  readonly examples: readonly Record<string, unknown>[];
}
const published: readonly Example[] =
  createRequire(import.meta.url)('@octokit/webhooks-examples').default ??
  createRequire(import.meta.url)('@octokit/webhooks-examples');
const jobPayloads = published.find(({ name }) => name === 'workflow_job')?.examples ?? [];

const SECRET = 'a-secret-of-this-stack-and-no-other';
const OLD_SECRET = 'the-secret-before-it-was-rotated';

function stage(change: Partial<WebhookPorts> = {}) {
  const sent: JobEvent[] = [];
  const ports: WebhookPorts = {
    secrets: { secrets: async () => done([SECRET, OLD_SECRET]) },
    isSigned,
    queue: {
      send: async (event) => {
        sent.push(event);
        return done(undefined);
      },
    },
    clock: { now: () => T0, sleep: async () => {} },
    journal: { say: () => {}, warn: () => {}, count: () => {} },
    ...change,
  };
  const post = async (body: string, headers: Record<string, string> = {}, secret = SECRET) =>
    acceptWebhook(
      {
        method: 'POST',
        headers: { 'x-hub-signature-256': await sign(secret, body), ...headers },
        body: Buffer.from(body),
      },
      settingsOf(),
      ports,
    );
  return { ports, sent, post };
}

/** GitHub's own example of a queued job, asking for our pool. */
function queuedPayload(change: Record<string, unknown> = {}): Record<string, unknown> {
  const example = jobPayloads.find(({ action }) => action === 'queued');
  if (example === undefined) throw new Error('the published examples have no queued workflow_job');
  const job = {
    ...Object(example['workflow_job']),
    labels: ['self-hosted', 'Linux', 'X64'],
    status: 'queued',
    ...change,
  };
  return { ...example, workflow_job: job, installation: { id: 55 } };
}

describe('the webhook', () => {
  it('queues a signed job of ours, projected, and answers 202', async () => {
    const { post, sent } = stage();
    expect((await post(JSON.stringify(queuedPayload()))).statusCode).toBe(202);
    expect(sent).toMatchObject([
      { v: 1, action: 'queued', labels: ['self-hosted', 'Linux', 'X64'], installationId: '55' },
    ]);
  });

  it('takes the previous secret while it is being rotated', async () => {
    const { post, sent } = stage();
    await post(JSON.stringify(queuedPayload()), {}, OLD_SECRET);
    expect(sent).toHaveLength(1);
  });

  it('reads the secrets afresh once after a miss', async () => {
    const reads: (boolean | undefined)[] = [];
    const { post, sent } = stage({
      secrets: {
        secrets: async (options) => {
          reads.push(options?.fresh);
          return done([options?.fresh === true ? SECRET : OLD_SECRET]);
        },
      },
    });
    await post(JSON.stringify(queuedPayload()));
    expect([reads, sent.length]).toEqual([[false, true], 1]);
  });

  it.each([
    ['a wrong signature', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
    ['a truncated signature', { 'x-hub-signature-256': 'sha256=00' }],
    ['the old sha1 header alone', { 'x-hub-signature-256': '', 'x-hub-signature': `sha1=${'0'.repeat(40)}` }],
  ])('answers 401 to %s and queues nothing', async (_, headers) => {
    const { post, sent } = stage();
    expect((await post(JSON.stringify(queuedPayload()), headers)).statusCode).toBe(401);
    expect(sent).toEqual([]);
  });

  it('answers 413 before any signature is looked at', async () => {
    const { ports, sent } = stage({
      isSigned: () => {
        throw new Error('must not be asked');
      },
    });
    const body = new Uint8Array(WEBHOOK_BYTES_MAX + 1);
    const answer = await acceptWebhook({ method: 'POST', headers: {}, body }, settingsOf(), ports);
    expect([answer.statusCode, sent]).toEqual([413, []]);
  });

  it.each([
    ['no JSON', 'payload=%7B%7D'],
    ['another event', '{"zen":"Keep it simple."}'],
    ['a null workflow_job', '{"workflow_job":null,"action":"queued"}'],
    ['an unknown action', JSON.stringify({ ...queuedPayload(), action: 'dreamt' })],
    ['labels of nobody', JSON.stringify(queuedPayload({ labels: ['ubuntu-latest'] }))],
  ])(
    'answers 200 with a sentence to signed %s, so that no redeliverer loops, and queues nothing',
    async (_, body) => {
      const { post, sent } = stage();
      const answer = await post(body);
      expect(answer.statusCode).toBe(200);
      expect(answer.sentence.length).toBeGreaterThan(10);
      expect(sent).toEqual([]);
    },
  );

  it('keeps what a runner of ours or a composite label concerns, whatever the labels', async () => {
    const { post, sent } = stage();
    const runner_name = 'mayfly-a1b2c3d4-i-0123456789abcdef0-x7k2';
    await post(JSON.stringify({ ...queuedPayload({ labels: ['gone'], runner_name }), action: 'completed' }));
    await post(JSON.stringify(queuedPayload({ labels: ['mayfly/no-such-pool'] })));
    expect(sent).toHaveLength(2);
  });

  it('answers 503 when the queue or the secret is not to be had, so that the event can be delivered again', async () => {
    const fault = failed({ kind: 'unsure', code: 'timeout' });
    expect(
      (await stage({ queue: { send: async () => fault } }).post(JSON.stringify(queuedPayload()))).statusCode,
    ).toBe(503);
    expect((await stage({ secrets: { secrets: async () => fault } }).post('{}')).statusCode).toBe(503);
  });
});

describe('the projection of a workflow_job', () => {
  it.each(jobPayloads.map((payload, index) => [`${index} (${String(payload['action'])})`, payload]))(
    'reads published example %s',
    (_, payload) => {
      expect(projectWebhook(payload, { receivedAt: T0, delivery: null })).toMatchObject({ ok: true });
    },
  );

  it('bounds and cleans whatever an author wrote', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.array(fc.string({ maxLength: 300 }), { maxLength: 120 }),
        (name, labels) => {
          const projected = projectWebhook(queuedPayload({ name, labels, head_branch: name }), {
            receivedAt: T0,
            delivery: null,
          });
          if (!projected.ok) throw new Error(projected.sentence);
          expect(projected.event.name.length).toBeLessThanOrEqual(200);
          expect(projected.event.name).not.toMatch(/\p{Cc}/u);
          expect(projected.event.labels.length).toBeLessThanOrEqual(100);
        },
      ),
    );
  });

  it('never throws, whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = { workflow_job: value, action: value, repository: value };
        expect(typeof projectWebhook(body, { receivedAt: T0, delivery: null }).ok).toBe('boolean');
      }),
    );
  });
});
