import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { InvokeOutcome } from './outcome.ts';
import { plainAnswer, type UrlAnswer, urlAnswer } from './url-answer.ts';
import { urlEvent } from './url-event.ts';

export type FunctionUrl = {
  /** `http://127.0.0.1:<port>/` */
  readonly url: string;
  close(): Promise<void>;
};

/** Function URLs: payload of 6 MB at most. */
const BODY_MAX_BYTES = 6 * 1024 * 1024;

/** Serves one function on a port of this machine; 0 takes any free one. */
export async function openFunctionUrl(options: {
  readonly clock: Clock;
  readonly invoke: (event: Json) => Promise<InvokeOutcome>;
  readonly port?: number;
}): Promise<FunctionUrl> {
  const { clock, invoke } = options;
  const answer = async (incoming: IncomingMessage): Promise<UrlAnswer> => {
    const body = await readBody(incoming);
    if (body === undefined) return plainAnswer(413, `Request must be smaller than ${BODY_MAX_BYTES} bytes`);
    const event = urlEvent({
      method: incoming.method ?? 'GET',
      target: incoming.url ?? '/',
      headers: headersOf(incoming),
      body,
      sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
      requestId: randomUUID(),
      now: clock.now(),
    });
    return urlAnswer(await invoke(event));
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming)
      .catch(() => plainAnswer(502, 'Internal Server Error'))
      .then((said) => write(outgoing, said, clock));
  });
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${port} is in use: free it, or choose another`) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

const headersOf = (incoming: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(incoming.headersDistinct).map(([name, values]) => [name, values?.join(',') ?? '']),
  );

/** The raw bytes, or undefined when there are too many: the rest is then not read. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    incoming.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= BODY_MAX_BYTES) parts.push(part);
      else {
        parts.length = 0;
        resolve(undefined);
      }
    });
    incoming.on('end', () => resolve(Buffer.concat(parts)));
    incoming.on('error', reject);
  });
}

function write(outgoing: ServerResponse, said: UrlAnswer, clock: Clock): void {
  outgoing.setHeader('date', new Date(clock.now()).toUTCString());
  if (said.cookies.length > 0) outgoing.setHeader('set-cookie', [...said.cookies]);
  // A refused upload may still be on its way: the connection cannot be used again.
  if (said.status === 413) outgoing.setHeader('connection', 'close');
  outgoing.writeHead(said.status, { ...said.headers, 'content-length': said.body.length });
  outgoing.end(said.body);
}
