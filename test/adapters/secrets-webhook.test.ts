import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createSecretsWebhook, secretsClient } from '../../lambdas/adapters/secrets-webhook.ts';
import type { WebhookSecretStore } from '../../lambdas/ports/jobs-queue.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import { type FrontDoor, jsonBackend } from '../../local/aws/front-door.ts';
import { createSecrets, SECRETS_ALLOWED, type Secrets } from '../../local/aws/secrets.ts';
import { createFixedClock, type FixedClock } from '../../local/memory/fixed-clock.ts';
import { NOON } from '../contract/items.ts';
import { clientConfig, errorAnswer, openDoor } from '../contract/local-aws.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:webhook';
const OLD = 'old-secret-0123456789';
const NEW = 'new-secret-0123456789';
const text = (current: string, previous: string) => JSON.stringify({ current, previous });

describe('the webhook secret', () => {
  let door: FrontDoor & { readonly log: readonly string[] };
  let manager: Secrets;
  let clock: FixedClock;
  let store: WebhookSecretStore;

  beforeAll(async () => {
    door = await openDoor();
  });
  afterAll(async () => {
    await door.close();
    expect(door.log).toEqual([]);
  });
  beforeEach(() => {
    clock = createFixedClock(NOON);
    manager = createSecrets(clock.now);
    manager.create({ arn: ARN, name: 'webhook', text: text(OLD, '') });
    door.attach('secretsmanager', jsonBackend(manager.handle, SECRETS_ALLOWED));
    store = createSecretsWebhook({ client: secretsClient(clientConfig(door.url)), secretArn: ARN, clock });
  });

  const rotate = (value: string) =>
    manager.handle('PutSecretValue', { SecretId: ARN, SecretString: value, ClientRequestToken: value });
  const readsSoFar = () => door.counts.list().find(({ action }) => action === 'GetSecretValue')?.calls ?? 0;
  const breakReads = (times: number) =>
    door.faults.before('secretsmanager', 'GetSecretValue', errorAnswer('InternalServiceError', 500), {
      times,
    });

  it('is the current one alone while there is no previous: an empty key must verify nothing', async () => {
    expect(await store.secrets()).toEqual(done([OLD]));
  });

  it('is the current and the previous one while it is rotated', async () => {
    rotate(text(NEW, OLD));
    expect(await store.secrets()).toEqual(done([NEW, OLD]));
  });

  it('is read once per container, and again after five minutes', async () => {
    const before = readsSoFar();
    await store.secrets();
    rotate(text(NEW, OLD));
    clock.advance(299_999);
    expect(await store.secrets()).toEqual(done([OLD]));
    expect(readsSoFar() - before).toBe(1);
    clock.advance(1);
    expect(await store.secrets()).toEqual(done([NEW, OLD]));
  });

  it('is read afresh when asked, yet at most once per minute however often strangers make us ask', async () => {
    await store.secrets();
    rotate(text(NEW, OLD));
    clock.advance(60_000);
    const before = readsSoFar();
    for (let n = 0; n < 5; n++) expect(await store.secrets({ fresh: true })).toEqual(done([NEW, OLD]));
    expect(readsSoFar() - before).toBe(1);
  });

  it('is served from the copy for an hour while Secrets Manager fails, and no longer', async () => {
    await store.secrets();
    breakReads(4);
    clock.advance(59 * 60_000);
    expect(await store.secrets()).toEqual(done([OLD]));
    clock.advance(60_000);
    expect(await store.secrets()).toMatchObject({ ok: false, fault: { kind: 'busy' } });
  });

  it('is busy when it was never read and cannot be now', async () => {
    breakReads(2);
    expect(await store.secrets()).toMatchObject({ ok: false, fault: { kind: 'busy' } });
  });

  it.each(['', 'no json', '{}', text('short', '')])(
    'is refused when it cannot be read, without a word of it: %j',
    async (value) => {
      rotate(value);
      const fault = { kind: 'refused', code: 'webhook-secret-unreadable' };
      expect(await store.secrets()).toEqual({ ok: false, fault });
    },
  );
});
