import { generateKeyPairSync, sign } from 'node:crypto';
import { Octokit } from '@octokit/rest';
import { seededDraw } from '../../../local/github/draw.ts';
import { type RunningGitHub, startGitHub } from '../../../local/github/http.ts';
import { readJitConfig } from '../../../local/github/jit.ts';
import { createGitHubModel, type GitHubModel, type GitHubModelOptions } from '../../../local/github/model.ts';

export const START = Date.UTC(2026, 8, 1, 12);
export const SECRET = 'a webhook secret of the tests';
export const LABELS = ['self-hosted', 'linux', 'x64'];

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const publicKeyPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** A GitHub with organization `acme`, a private and a public repository, and the App installed. */
export function makeModel(options: Partial<GitHubModelOptions> = {}) {
  const model = createGitHubModel({
    draw: seededDraw('tests'),
    ...options,
    app: { publicKeyPem, webhookSecret: SECRET, id: 7, ...options.app },
  });
  model.addOrganization('acme');
  model.addUser('mallory');
  model.addRepository({ fullName: 'acme/shop' }, START);
  model.addRepository({ fullName: 'acme/blog' }, START);
  model.addRepository({ fullName: 'acme/site', visibility: 'public' }, START);
  const installation = model.addInstallation({ account: 'acme' });
  return { model, installation };
}

export const oneJob = (labels: readonly string[] = LABELS, name = 'build') => ({
  repository: 'acme/shop',
  event: 'push',
  actor: 'alice',
  jobs: [{ name, labels, steps: [{ name: 'Say', run: 'echo hello' }] }],
});

/** The id of a run's only or first job. */
export function startJob(model: GitHubModel, now: number, wish = oneJob()): string {
  const [job] = model.createRun(wish, now).jobs;
  if (job === undefined) throw new Error('no job');
  return job.jobId;
}

export interface Registered {
  readonly runnerId: number;
  readonly clientId: string;
  readonly key: string;
}

/** Registers a runner in memory, as the installation. */
export function register(
  parts: { model: GitHubModel; installation: { id: number } },
  wish: { name: string; labels?: readonly string[]; repository?: string; groupId?: number },
  now: number,
): Registered {
  const root = wish.repository ? `/repos/${wish.repository}` : '/orgs/acme';
  const answer = parts.model.request(
    {
      method: 'POST',
      path: `${root}/actions/runners/generate-jitconfig`,
      caller: { kind: 'installation', id: parts.installation.id },
      body: { name: wish.name, runner_group_id: wish.groupId ?? 1, labels: wish.labels ?? LABELS },
    },
    now,
  );
  if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${JSON.stringify(answer.body)}`);
  const body = answer.body as { runner: { id: number }; encoded_jit_config: string };
  return { runnerId: body.runner.id, ...readJitConfig(body.encoded_jit_config) };
}

/** Connects a registered runner; its session id. */
export function connect(model: GitHubModel, runner: Registered, now: number): string {
  const { clientId, key } = runner;
  const answer = model.connect({ clientId, key, version: '2.336.0' }, now);
  if (answer.kind !== 'session') throw new Error(answer.reason);
  return answer.sessionId;
}

/** Polls, takes the job that was handed over and ends it well; its id. */
export function runJob(model: GitHubModel, sessionId: string, now: number): string {
  const message = model.poll(sessionId, now);
  if (message.kind !== 'job') throw new Error(`no job but ${message.kind}`);
  const which = { sessionId, jobId: message.jobId };
  if (model.acquire(which, now) === undefined) throw new Error('not acquired');
  model.finish({ ...which, conclusion: 'success', steps: [] }, now + 1);
  return message.jobId;
}

export interface Claims {
  readonly iss?: unknown;
  readonly iat?: unknown;
  readonly exp?: unknown;
  readonly jti?: string;
}

/** An App's JWT; `claims` replace those of a good one at `now`. */
export function jwt(now: number, claims: Claims = {}, alg = 'RS256'): string {
  const seconds = Math.floor(now / 1_000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = { iss: '7', iat: seconds - 60, exp: seconds + 480, ...claims };
  const text = `${part({ alg, typ: 'JWT' })}.${part(body)}`;
  return `${text}.${sign('sha256', Buffer.from(text), keys.privateKey).toString('base64url')}`;
}

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

/** The model over HTTP with a clock that the test moves, and real clients for it. */
export async function serve(options: Partial<GitHubModelOptions> = {}) {
  const { model, installation } = makeModel(options);
  const time = { now: START };
  const github: RunningGitHub = await startGitHub({ model, now: () => time.now, pollMaxMs: 20 });
  const client = (auth: string) => new Octokit({ auth, baseUrl: github.url, log });
  const asApp = () => client(jwt(time.now));
  const token = async (narrowing: Record<string, unknown> = {}) => {
    const { data } = await asApp().rest.apps.createInstallationAccessToken({
      installation_id: installation.id,
      ...narrowing,
    });
    return data.token;
  };
  return { model, installation, time, github, client, asApp, token };
}

/** The status an Octokit call failed with; its error's headers and message for a closer look. */
export async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) =>
      thrown as { status: number; message: string; response?: { headers: Record<string, string> } },
  );
  return { status: error?.status, message: error?.message ?? '', headers: error?.response?.headers ?? {} };
}
