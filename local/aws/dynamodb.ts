import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { type JsonObject, parseJsonObject } from '../json.ts';
import type { AwsAnswer, AwsHandler } from './answer.ts';

export type DynamoDb = {
  /** One API call as it came from the SDK. */
  readonly handle: AwsHandler;
  /** A call by local code (creating a table, reading in a test): the parsed answer. Throws on an error answer. */
  call(action: string, parameters: JsonObject): Promise<JsonObject>;
  /** Ends it when what it works on is done. Nothing may be asked any more. */
  close(): Promise<void>;
};

/** The emulator wants to see a signature but checks none. */
const SIGNED =
  'AWS4-HMAC-SHA256 Credential=LOCAL/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/** Tables by dynalite, in memory, on a port of this machine only. */
export async function startDynamoDb(): Promise<DynamoDb> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });

  /** What the emulator is working on. Closed under its feet, its database throws where nobody can catch it. */
  const underWay = new Set<Promise<unknown>>();

  const handle: AwsHandler = ({ headers, body }) => {
    const answer = new Promise<AwsAnswer>((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent },
        (incoming) => {
          const parts: Buffer[] = [];
          incoming.on('data', (part: Buffer) => parts.push(part));
          incoming.on('error', reject);
          incoming.on('end', () => resolve(toAnswer(incoming.statusCode, incoming.headers, parts)));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    underWay.add(answer);
    const isOver = () => void underWay.delete(answer);
    answer.then(isOver, isOver);
    return answer;
  };

  return {
    handle,
    call: async (action, parameters) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${action}`,
        'x-amz-date': '20260101T000000Z',
        authorization: SIGNED,
      };
      const answer = await handle({ method: 'POST', path: '/', headers, body: JSON.stringify(parameters) });
      const body = parseJsonObject(answer.body) ?? {};
      if (answer.status === 200) return body;
      throw new Error(`DynamoDB ${action} failed: ${body['__type']} ${body['message'] ?? body['Message']}`);
    },
    close: async () => {
      await Promise.allSettled(underWay);
      agent.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const KEPT = ['content-type', 'x-amz-crc32', 'x-amzn-requestid'];

function toAnswer(
  status: number | undefined,
  headers: NodeJS.Dict<string | string[]>,
  parts: readonly Buffer[],
): AwsAnswer {
  const kept = KEPT.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]]));
  return {
    status: status ?? 500,
    headers: Object.fromEntries(kept),
    body: Buffer.concat(parts).toString('utf8'),
  };
}
