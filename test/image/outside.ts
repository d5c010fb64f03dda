/**
 * What lies outside a booted test root, as one process in a network namespace of its own: the metadata service, the
 * claim and report endpoints, and the runner's side of GitHub, for one instance and one job. Every request is written
 * down as a line of JSON. `node outside.ts SCRIPT.json`.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { CANARY, CLAIM_HOST, GITHUB_HOST, INSTANCE_ID, type OutsideScript, TOKEN } from './outside-words.ts';

const script: OutsideScript = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const METADATA: Readonly<Record<string, string>> = {
  'PUT /latest/api/token': 'session-token',
  'GET /latest/dynamic/instance-identity/rsa2048': 'M'.repeat(200),
  'GET /latest/meta-data/instance-id': INSTANCE_ID,
  'GET /latest/user-data': JSON.stringify({
    protocolVersion: 1,
    stackId: 'abcd1234',
    pool: 'p',
    claimUrl: `https://${CLAIM_HOST}/claim`,
  }),
};

type Answer = { readonly status: number; readonly body?: unknown };
const write = (line: object) => appendFileSync(script.heardFile, `${JSON.stringify(line)}\n`);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
let metadataServers: readonly Server[] = [];
let isRunning = false;

const granted = () => ({
  protocolVersion: 1,
  runnerName: 'mayfly-1',
  jit: {
    '.runner': encode({
      AgentId: '7',
      AgentName: 'mayfly-1',
      Ephemeral: true,
      UseV2Flow: true,
      ServerUrlV2: `https://${GITHUB_HOST}/_runner/`,
    }),
    '.credentials': encode({
      scheme: 'OAuth',
      data: { clientId: 'c', authorizationUrl: `https://${GITHUB_HOST}/` },
    }),
    '.credentials_rsaparams': encode({ d: CANARY }),
  },
  rules: {
    hardening: script.level,
    lifetimeMaxMs: 3_600_000,
    idleMaxMs: 1_800_000,
    graceMs: script.graceMs,
    heartbeatMs: 600_000,
  },
  reportUrl: `https://${CLAIM_HOST}/report`,
  guardUrl: null,
  reportToken: TOKEN,
});

function answer(act: string): Answer {
  const [method = '', path = ''] = act.split(' ');
  switch (`${method} ${path.replace('/_runner/', '')}`) {
    case 'POST /claim':
      return { status: 200, body: granted() };
    case 'POST /report':
      return { status: 200, body: { answer: 'carry-on' } };
    case 'POST /disable-metadata':
      // What ModifyInstanceMetadataOptions does, as the job of this test asks for it.
      for (const server of metadataServers) server.close();
      return { status: 204 };
    case 'POST sessions':
      return { status: 201, body: { kind: 'session', sessionId: 'S', runnerId: '7' } };
    case 'GET sessions/S/message':
      return { status: 200, body: isRunning ? { kind: 'none' } : { kind: 'job', jobId: '42' } };
    case 'POST sessions/S/jobs/42/acquire':
      isRunning = true;
      return {
        status: 200,
        body: { jobId: '42', runId: '9', name: 'probe', steps: script.steps, variables: {} },
      };
    case 'DELETE sessions/S':
    case 'POST sessions/S/jobs/42/renew':
    case 'POST sessions/S/jobs/42/finish':
      return { status: 204 };
    default:
      return { status: 404 };
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}

const serve = async (request: IncomingMessage, response: ServerResponse) => {
  const act = `${request.method} ${request.url}`;
  write({ act, body: await readBody(request).catch(() => ({})) });
  const { status, body } = answer(act);
  // A poll without news is a short one here.
  if (act.includes('/message') && isRunning) await new Promise((resolve) => setTimeout(resolve, 500));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
};

const serveMetadata = (request: IncomingMessage, response: ServerResponse) => {
  const act = `${request.method} ${request.url}`;
  write({ act, metadata: true });
  response.writeHead(METADATA[act] === undefined ? 404 : 200, { connection: 'close' });
  response.end(METADATA[act] ?? '');
};

const open = (server: Server, port: number, host: string) =>
  new Promise<Server>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });

metadataServers = await Promise.all([
  open(createServer(serveMetadata), 80, '169.254.169.254'),
  open(createServer(serveMetadata), 80, 'fd00:ec2::254'),
]);
const tls = { key: readFileSync(script.keyFile), cert: readFileSync(script.certFile) };
await Promise.all(
  ['203.0.113.10', '203.0.113.66'].map((host) => open(createTlsServer(tls, serve), 443, host)),
);
await open(createServer(serve), 8080, '203.0.113.66');
write({ act: 'ready' });
