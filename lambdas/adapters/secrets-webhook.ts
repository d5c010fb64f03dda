import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { webhookSecrets } from '../contracts/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { WebhookSecretStore } from '../ports/jobs-queue.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import { callLimits } from './aws-call.ts';
import { faultOf } from './faults.ts';
import { jsonOf } from './json.ts';

/** Together with the send to the queue this fits into the 10 s that GitHub waits. */
const REQUEST_MAX_MS = 2_000;
/** A container's copy is used this long: a secret that was taken away stops to count after it. */
const COPY_FRESH_MS = 5 * 60_000;
/** While Secrets Manager does not answer, webhooks are still served with the copy; not for ever. */
const COPY_MAX_MS = 60 * 60_000;
/** A wrong signature asks for a fresh copy; a stranger who sends many must not make us read as often. */
const FRESH_READ_EVERY_MS = 60_000;

/** One repeat by the SDK: a read is free to repeat and no ledger stands behind it. */
export const secretsClient = (config: SecretsManagerClientConfig = {}): SecretsManagerClient =>
  new SecretsManagerClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 2 }), ...config });

interface Copy {
  readonly secrets: readonly string[];
  readonly readAt: number;
}

/** The stack's webhook secret in Secrets Manager, with a copy in the container. */
export function createSecretsWebhook(parts: {
  readonly client: SecretsManagerClient;
  readonly secretArn: string;
  readonly clock: Clock;
}): WebhookSecretStore {
  const { client, secretArn, clock } = parts;
  let copy: Copy | undefined;
  let triedAt: number | undefined;

  const reread = async (): Promise<Outcome<readonly string[]>> => {
    triedAt = clock.now();
    const read = await readSecrets(client, secretArn);
    if (read.ok) copy = { secrets: read.value, readAt: triedAt };
    const isServable = copy !== undefined && clock.now() - copy.readAt < COPY_MAX_MS;
    return !read.ok && copy !== undefined && isServable ? done(copy.secrets) : read;
  };
  return {
    secrets: async ({ fresh = false } = {}) => {
      const now = clock.now();
      if (copy === undefined) return reread();
      const mayReread = triedAt === undefined || now - triedAt >= FRESH_READ_EVERY_MS;
      const wantsReread = fresh || now - copy.readAt >= COPY_FRESH_MS;
      return wantsReread && mayReread ? reread() : done(copy.secrets);
    },
  };
}

/** An empty previous secret is none: it must never verify a signature made with an empty key. */
async function readSecrets(
  client: SecretsManagerClient,
  SecretId: string,
): Promise<Outcome<readonly string[]>> {
  try {
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
    const parsed = webhookSecrets.safeParse(jsonOf(SecretString));
    if (!parsed.success) return failed({ kind: 'refused', code: 'webhook-secret-unreadable' });
    return done([parsed.data.current, parsed.data.previous].filter((secret) => secret !== ''));
  } catch (error) {
    return failed(faultOf(error, 'read'));
  }
}
