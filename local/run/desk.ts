import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod/mini';
import type { GitHubModel } from '../github/model.ts';
import { REPOSITORIES } from './forge.ts';

/** With `--serve` a person queues jobs of their own at the simulated GitHub, which then sends the webhooks. */
export interface Desk {
  readonly url: string;
  close(): Promise<void>;
}

const wish = z.strictObject({
  /** As in `runs-on`. */
  labels: z.array(z.string().check(z.maxLength(256))).check(z.minLength(1), z.maxLength(100)),
  /** Shell commands of the job's one step. */
  run: z.optional(z.string().check(z.maxLength(10_000))),
  count: z.optional(z.int().check(z.minimum(1), z.maximum(256))),
});

const BODY_BYTES_MAX = 65_536;
const WANTED = 'want {"labels": ["x64"], "run": "uname -a", "count": 1} (run and count may be left out)';

/** Opens the desk at a free port of this machine. */
export async function openDesk(model: GitHubModel, now: () => number): Promise<Desk> {
  const server = createServer(async (request, response) => {
    const answer = await serve(request, model, now);
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer.body)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = addressOf(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/jobs`, close };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the desk has no port');
  return address;
}

async function serve(request: IncomingMessage, model: GitHubModel, now: () => number) {
  if (request.method !== 'POST' || request.url !== '/jobs')
    return { status: 404, body: { error: 'POST /jobs' } };
  // What is posted here runs as a command: no page that a browser on this machine shows may do that.
  if (request.headers.origin !== undefined)
    return { status: 403, body: { error: 'want a request of your own, got one of a web page' } };
  const read = wish.safeParse(await jsonOf(request));
  if (!read.success) return { status: 400, body: { error: WANTED } };
  const { labels, run = 'uname -srm', count = 1 } = read.data;
  const jobs = Array.from({ length: count }, (_, n) => ({
    name: `job (${n + 1})`,
    labels,
    steps: [{ name: 'run', run }],
  }));
  const created = model.createRun(
    { repository: REPOSITORIES[0], event: 'workflow_dispatch', actor: 'you', jobs },
    now(),
  );
  return { status: 201, body: { runId: created.runId, jobs: created.jobs.map(({ jobId }) => jobId) } };
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}
