import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClaimGranted } from '../../../lambdas/contracts/claim.ts';

export const INSTANCE_ID = 'i-0123456789abcdef0';
/** Stand in the JIT key and as the report token: secrets that may show up nowhere. */
export const KEY = 'canary-private-exponent';
export const TOKEN = 'canary-report-token-BBBBBBBBBBBBBBBBBBBBBBB';

export type Said = { readonly method: string; readonly path: string; readonly body: Record<string, unknown> };
type Reply = { readonly status: number; readonly body?: unknown };

export type Script = {
  readonly steps?: readonly { name: string; run: string }[];
  /** What opening a session answers; default a session. */
  readonly session?: number;
  /** What a message poll answers before the job was acquired; default the job. */
  readonly message?: { kind: string };
  /** Whether the running job was cancelled by now. */
  readonly isCancelled?: () => boolean;
  readonly reportAnswer?: (body: Record<string, unknown>) => string;
  /** Left out: the job-started check allows the job. */
  readonly guardAnswer?: { readonly decision: string; readonly reason: string };
  readonly rules?: Partial<ClaimGranted['rules']>;
};

export type Stub = {
  readonly url: string;
  readonly said: readonly Said[];
  /** Resolves with the first request that fits, be it past or to come. */
  heard(fits: (said: Said) => boolean): Promise<Said>;
  report(kind: string): Record<string, unknown> | undefined;
  close(): Promise<void>;
};

/** Metadata, claim, report and the runner's side of GitHub (as in local/github/runner-protocol.ts), for one instance. */
export async function startStub(script: Script): Promise<Stub> {
  const said: Said[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    said.push({ method: request.method ?? '', path: request.url ?? '', body });
    for (const look of waiting) look();
    const reply = await answer(script, { url, said });
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    said,
    heard: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = said.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    report: (kind) => said.find((s) => s.path === '/report' && s.body['kind'] === kind)?.body,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}

const METADATA: Record<string, (url: string) => string> = {
  '/imds/latest/api/token': () => 'session-token',
  '/imds/latest/dynamic/instance-identity/rsa2048': () => 'M'.repeat(200),
  '/imds/latest/meta-data/instance-id': () => INSTANCE_ID,
  '/imds/latest/user-data': (url) =>
    JSON.stringify({ protocolVersion: 1, stackId: 'abcd1234', pool: 'p', claimUrl: `${url}/claim` }),
};

async function answer(script: Script, so: { url: string; said: readonly Said[] }): Promise<Reply> {
  const { method, path, body } = so.said[so.said.length - 1] ?? { method: '', path: '', body: {} };
  const metadata = METADATA[path];
  if (metadata !== undefined) return { status: 200, body: metadata(so.url) };
  if (path === '/claim') return { status: 200, body: granted(so.url, script.rules ?? {}) };
  if (path === '/guard')
    return { status: 200, body: script.guardAnswer ?? { decision: 'allow', reason: '' } };
  if (path === '/report') return { status: 200, body: { answer: script.reportAnswer?.(body) ?? 'carry-on' } };
  const act = `${method} ${path.replace('/_runner/', '')}`;
  const isRunning = so.said.some((s) => s.path.endsWith('/renew'));
  switch (act) {
    case 'POST sessions':
      return { status: script.session ?? 201, body: { kind: 'session', sessionId: 'S', runnerId: '7' } };
    case 'GET sessions/S/message':
      return messageFor(script, isRunning);
    case 'POST sessions/S/jobs/42/acquire':
      return {
        status: 200,
        body: { jobId: '42', runId: '9', name: 'build', steps: script.steps ?? [], variables: VARIABLES },
      };
    case 'DELETE sessions/S':
    case 'POST sessions/S/jobs/42/renew':
    case 'POST sessions/S/jobs/42/finish':
      return { status: 204, body: '' };
    default:
      return { status: 404 };
  }
}

const VARIABLES = {
  GITHUB_REPOSITORY: 'acme/web',
  GITHUB_REPOSITORY_ID: '7',
  GITHUB_RUN_ID: '9',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_WORKFLOW_REF: 'acme/web/.github/workflows/ci.yml@refs/heads/main',
  GITHUB_WORKFLOW_SHA: 'a'.repeat(40),
  GITHUB_EVENT_NAME: 'push',
  GITHUB_ACTOR: 'ann',
};
/** A long poll without news, in real ms. */
const POLL_MS = 100;

async function messageFor(script: Script, isRunning: boolean): Promise<Reply> {
  if (isRunning && script.isCancelled?.() === true)
    return { status: 200, body: { kind: 'cancel', jobId: '42' } };
  const message = isRunning ? { kind: 'none' } : (script.message ?? { kind: 'job', jobId: '42' });
  if (message.kind === 'none') await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  return { status: 200, body: message };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

function granted(url: string, rules: Partial<ClaimGranted['rules']>): ClaimGranted {
  const server = `${url}/_runner/`;
  const runner = {
    AgentId: '7',
    AgentName: 'mayfly-1',
    Ephemeral: true,
    UseV2Flow: true,
    ServerUrlV2: server,
  };
  return {
    protocolVersion: 1,
    runnerName: 'mayfly-1',
    jit: {
      '.runner': encode(runner),
      '.credentials': encode({ scheme: 'OAuth', data: { clientId: 'c', authorizationUrl: server } }),
      '.credentials_rsaparams': encode({ d: KEY }),
    },
    rules: {
      hardening: 'standard',
      lifetimeMaxMs: 3_600_000,
      idleMaxMs: 1_800_000,
      graceMs: 5_000,
      heartbeatMs: 600_000,
      ...rules,
    },
    reportUrl: `${url}/report`,
    guardUrl: `${url}/guard`,
    reportToken: TOKEN,
  };
}
