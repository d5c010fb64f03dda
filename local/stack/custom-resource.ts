import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JsonObject, parseJsonObject } from '../json.ts';

/** One awaited answer of a custom resource. */
export type Expected = {
  /** The ResponseURL of the event. */
  readonly url: string;
  readonly answer: Promise<JsonObject>;
  /** Forgets it: a later PUT gets 403, as an expired presigned URL does. */
  cancel(): void;
};

/** Stands in for the S3 bucket to which custom resources PUT their answers. */
export type ResponseDoor = {
  expect(): Expected;
  close(): Promise<void>;
};

/** CloudFormation: a response object is 4,096 bytes at most. */
const ANSWER_MAX_BYTES = 4096;

/** Opens the door on a free port of this machine. */
export async function openResponseDoor(): Promise<ResponseDoor> {
  const expected = new Map<string, (answer: JsonObject) => void>();

  const accept = async (incoming: IncomingMessage): Promise<number> => {
    const body = await readAnswer(incoming);
    const settle = expected.get(incoming.url ?? '');
    if (incoming.method !== 'PUT' || settle === undefined) return 403;
    const answer = body === undefined ? undefined : parseJsonObject(body);
    if (answer === undefined) return 400;
    expected.delete(incoming.url ?? '');
    settle(answer);
    return 200;
  };
  const server = createServer((incoming, outgoing) => {
    accept(incoming)
      .catch(() => 500)
      .then((status) => outgoing.writeHead(status).end());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    expect: () => {
      const path = `/response/${randomUUID()}`;
      const answer = new Promise<JsonObject>((resolve) => expected.set(path, resolve));
      return { url: `http://127.0.0.1:${port}${path}`, answer, cancel: () => void expected.delete(path) };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The text, or undefined when it is too long. */
async function readAnswer(incoming: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming) {
    bytes += part.length;
    if (bytes > ANSWER_MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
