import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Ec2Model } from './model.ts';

/** What the metadata service of one instance has to tell. */
export type ImdsInstance = {
  readonly instanceId: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
  readonly privateIp: string;
  /** The identity document, byte for byte. */
  readonly document: string;
  /** Empty: none was given, 404. */
  readonly userData: string;
};

export type ImdsOptions = {
  readonly instance: ImdsInstance;
  /** The PKCS#7 signature of the document, base64; asked once, at the first read. */
  readonly signDocument: (document: string) => string | Promise<string>;
  /** Asked at every connection and request: the endpoint may be disabled at any time. */
  readonly isReachable: () => boolean;
  /** Virtual epoch ms: lifetimes of tokens follow it. */
  readonly now: () => number;
  readonly spotAction?: () => { readonly action: string; readonly time: string } | undefined;
  /** A free one unless told. */
  readonly port?: number;
  /** A disabled endpoint: EC2's guide says 403; `closed` (the default) is the harder case of no answer at all. */
  readonly whenDisabled?: 'closed' | 'forbidden';
};

export type Imds = { readonly url: string; close(): Promise<void> };

/** EC2's bounds for the life of a session token: a second to six hours. */
const TTL_MAX_SECONDS = 21_600;
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';
/** More live tokens than any agent asks for; the oldest goes first. */
const TOKENS_MAX = 1024;
/** The line length in which the metadata service serves signatures. */
const LINE_CHARS = 76;

/** An instance's metadata service on this machine, IMDSv2 only. Rejects when the port is taken. */
export async function startImds(options: ImdsOptions): Promise<Imds> {
  const { isReachable, whenDisabled = 'closed' } = options;
  const answer = answerer(options);
  const server = createServer((request, response) => {
    if (isReachable()) answer(request, response);
    else if (whenDisabled === 'closed') request.socket.destroy();
    else send(response, 403);
  });
  server.on('connection', (socket: Socket) => {
    if (whenDisabled === 'closed' && !isReachable()) socket.destroy();
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What an instance of the model tells of itself. */
export function imdsInstance(model: Ec2Model, instanceId: string, region: string): ImdsInstance {
  const instance = model.instance(instanceId);
  if (instance === undefined) throw new Error(`want the id of an instance of the model, got ${instanceId}`);
  return {
    instanceId,
    imageId: instance.imageId,
    instanceType: instance.type.name,
    zone: instance.zone,
    region,
    privateIp: instance.privateIp,
    document: model.identityDocument(instanceId),
    userData: instance.userData,
  };
}

function answerer(options: ImdsOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const tokens = createTokens(options.now);
  const read = reader(options);
  return (request, response) => {
    const path = (request.url ?? '/').replace(/(?<=.)\/$/, '');
    const token = request.headers[TOKEN_HEADER];
    if (request.method === 'PUT' && path === '/latest/api/token') {
      issue(request, response, tokens);
    } else if (request.method !== 'GET') {
      send(response, 405);
    } else if (typeof token !== 'string' || !tokens.isLive(token)) {
      send(response, 401);
    } else {
      read(path).then(
        (body) => (body === undefined ? send(response, 404) : send(response, 200, body)),
        () => send(response, 500),
      );
    }
  };
}

/** A forwarded request came through somebody's proxy: EC2 gives no token for it. */
function issue(request: IncomingMessage, response: ServerResponse, tokens: Tokens): void {
  const ttl = request.headers[TTL_HEADER];
  const seconds = typeof ttl === 'string' && /^\d{1,5}$/.test(ttl) ? Number(ttl) : 0;
  if (request.headers['x-forwarded-for'] !== undefined) {
    send(response, 403);
  } else if (seconds < 1 || seconds > TTL_MAX_SECONDS) {
    send(response, 400);
  } else {
    response.setHeader(TTL_HEADER, String(seconds));
    send(response, 200, tokens.issue(seconds));
  }
}

type Tokens = { issue(seconds: number): string; isLive(token: string): boolean };

function createTokens(now: () => number): Tokens {
  const endsAt = new Map<string, number>();
  return {
    issue: (seconds) => {
      const [oldest] = endsAt.keys();
      if (endsAt.size >= TOKENS_MAX && oldest !== undefined) endsAt.delete(oldest);
      const token = `${randomBytes(40).toString('base64url')}==`;
      endsAt.set(token, now() + seconds * 1000);
      return token;
    },
    isLive: (token) => (endsAt.get(token) ?? 0) > now(),
  };
}

/** What is at a path; undefined is 404. */
function reader({
  instance,
  signDocument,
  spotAction,
}: ImdsOptions): (path: string) => Promise<string | undefined> {
  let signature: Promise<string> | undefined;
  const sign = () => {
    signature ??= Promise.resolve(instance.document).then(signDocument).then(inLines);
    return signature;
  };
  const at: Readonly<Record<string, () => string | undefined | Promise<string>>> = {
    '/latest/dynamic/instance-identity/document': () => instance.document,
    '/latest/dynamic/instance-identity/rsa2048': sign,
    '/latest/meta-data/ami-id': () => instance.imageId,
    '/latest/meta-data/instance-id': () => instance.instanceId,
    '/latest/meta-data/instance-type': () => instance.instanceType,
    '/latest/meta-data/local-ipv4': () => instance.privateIp,
    '/latest/meta-data/placement/availability-zone': () => instance.zone,
    '/latest/meta-data/placement/region': () => instance.region,
    '/latest/meta-data/spot/instance-action': () => {
      const action = spotAction?.();
      return action && JSON.stringify(action);
    },
    '/latest/user-data': () => (instance.userData === '' ? undefined : instance.userData),
  };
  return async (path) => (Object.hasOwn(at, path) ? at[path]?.() : undefined);
}

const inLines = (base64: string): string =>
  base64
    .replace(/\s/g, '')
    .match(new RegExp(`.{1,${LINE_CHARS}}`, 'g'))
    ?.join('\n') ?? '';

function send(response: ServerResponse, status: number, body = ''): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('want a TCP address to listen on');
  return address.port;
}
