import { generateKeyPairSync } from 'node:crypto';
import * as z from 'zod/mini';
import { webhookSecrets } from '../../lambdas/contracts/settings.ts';
import type { Clock } from '../clock.ts';
import { deliver } from '../github/deliver.ts';
import { seededDraw } from '../github/draw.ts';
import { type RunningGitHub, startGitHub } from '../github/http.ts';
import { createGitHubModel, type GitHubModel } from '../github/model.ts';
import type { RunningStack } from '../stack/run.ts';

const ORGANIZATION = 'acme';
export const REPOSITORIES = ['acme/app', 'acme/api', 'acme/site'] as const;
const APP_ID = 4711;

/** The simulated GitHub of a run, with the App of the stack set up on it, as `mayfly setup` does it for a real one. */
export interface Forge {
  readonly model: GitHubModel;
  readonly url: string;
  readonly webhookSecret: string;
  /** Posts due webhooks and wakes waiting runners; called often. */
  tick(): void;
  close(): Promise<void>;
}

export interface ForgeOptions {
  readonly seed: string;
  /** Stands between GitHub's model and all who speak with it: a test sees, delays or breaks what passes. */
  readonly overModel?: ((model: GitHubModel) => GitHubModel) | undefined;
}

export async function startForge(stack: RunningStack, clock: Clock, options: ForgeOptions): Promise<Forge> {
  const { seed, overModel = (model) => model } = options;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const webhookSecret = secretOf(stack);
  const app = { id: APP_ID, publicKeyPem: publicKey, webhookSecret };
  const model = overModel(createGitHubModel({ draw: seededDraw(seed), app }));
  populate(model, clock.now());
  const github = await startGitHub({ model, now: clock.now, pollMaxMs: POLL_REAL_MS });
  stack.emulators.kms.importKey(output(stack, 'AppKeyA'), privateKey);
  const parameter = { appId: String(APP_ID), apiUrl: github.url, keySlot: 'a' };
  stack.emulators.ssm.put(output(stack, 'GitHubAppParameter'), JSON.stringify(parameter));
  const hook = { model, url: output(stack, 'WebhookUrl'), now: clock.now };
  return {
    model,
    url: github.url,
    webhookSecret,
    tick: () => tick(github, hook),
    close: () => github.close(),
  };
}

/** A poll that waits longer gains nothing: the listeners are woken when a job is given to them. */
const POLL_REAL_MS = 2_000;

function tick(github: RunningGitHub, hook: Parameters<typeof deliver>[0]): void {
  // Failed posts are in the delivery log, as at GitHub: a redelivery is somebody else's decision.
  void deliver(hook).catch(() => undefined);
  github.wake();
}

function populate(model: GitHubModel, now: number): void {
  model.addOrganization(ORGANIZATION);
  for (const fullName of REPOSITORIES) model.addRepository({ fullName, visibility: 'private' }, now);
  model.addInstallation({ account: ORGANIZATION });
}

const output = (stack: RunningStack, name: string): string =>
  z.string(`the stack has no output ${name}`).parse(stack.outputs[name]);

function secretOf(stack: RunningStack): string {
  const text = stack.emulators.secrets.text(output(stack, 'WebhookSecretArn')) ?? '{}';
  return webhookSecrets.parse(JSON.parse(text)).current;
}
