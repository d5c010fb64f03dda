import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import { functionOfKey } from '../lambda/environment.ts';
import { type AllowList, refusal } from './allow-list.ts';
import { type AwsAnswer, type AwsHandler, type AwsRequest, jsonError, queryError } from './answer.ts';
import { type CallCounts, createCallCounts } from './counts.ts';
import { type Call, createFaults, type FaultOutcome, type Faults } from './faults.ts';
import { type Route, routeOf } from './route.ts';

/** One service behind the door. A service without an allow-list answers for its own limits (our EC2 model does). */
export type Backend = {
  readonly handle: (request: AwsRequest, route: Route) => Promise<AwsAnswer>;
  readonly allowed?: AllowList;
  readonly protocol: 'json' | 'query';
};

export type FrontDoor = {
  /** What AWS_ENDPOINT_URL is set to. */
  readonly url: string;
  readonly counts: CallCounts;
  readonly faults: Faults;
  /** Opens a service; before that it is refused as unknown. */
  attach(api: string, backend: Backend): void;
  close(): Promise<void>;
};

export type FrontDoorOptions = {
  readonly clock: Clock;
  /** Receives a line per refused or broken call. Lines hold no parameter values. */
  readonly log: (line: string) => void;
  /** Ends the container that signs with this access key id. */
  readonly killCaller: (accessKeyId: string) => void;
};

/** DynamoDB's own limit for a request, the largest of all services here. */
const BODY_MAX_BYTES = 16 * 1024 * 1024;
/** The error name a caller sees for what nothing here models; no SDK repeats it. */
export const NOT_MODELLED = 'NotModelledLocally';

/** The one endpoint of all AWS APIs in a local run, on this machine only. */
export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const backends = new Map<string, Backend>();
  const counts = createCallCounts();
  const faults = createFaults();

  const answer = async (request: AwsRequest): Promise<FaultOutcome> => {
    const route = routeOf(request);
    if (typeof route === 'string') return jsonError(NOT_MODELLED, route);
    const backend = backends.get(route.api);
    const why = backend ? refusedBy(backend, route) : `service ${route.api} is not modelled locally`;
    counts.add(route, why !== undefined);
    if (backend === undefined || why !== undefined) {
      options.log(`refused ${route.api} ${route.action} for ${route.accessKeyId}: ${why}`);
      const refuse = backend?.protocol === 'query' ? queryError : jsonError;
      return refuse(NOT_MODELLED, why ?? '');
    }
    const call: Call = {
      ...route,
      caller: functionOfKey(route.accessKeyId),
      killCaller: () => options.killCaller(route.accessKeyId),
    };
    const proceed = () => backend.handle(request, route);
    const fault = faults.take(call);
    return fault ? fault(call, proceed) : proceed();
  };

  const server = createServer((incoming, outgoing) => {
    readBody(incoming)
      .then((body) => answer(toRequest(incoming, body)))
      .then((outcome) => write(outgoing, outcome, options.clock))
      .catch((error: unknown) => {
        options.log(
          `broken ${incoming.headers['x-amz-target'] ?? ''}: ${error instanceof Error ? error.stack : error}`,
        );
        write(
          outgoing,
          jsonError('InternalFailure', 'the local emulator failed; see its log', 500),
          options.clock,
        );
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    faults,
    attach: (api, backend) => void backends.set(api, backend),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const refusedBy = (backend: Backend, route: Route): string | undefined =>
  backend.allowed && refusal(backend.allowed, route.action, route.parameters);

/** Any service whose handler wants the raw request, as the EC2 model does. */
export const rawBackend = (handle: AwsHandler, protocol: 'json' | 'query', allowed?: AllowList): Backend => ({
  handle,
  protocol,
  ...(allowed && { allowed }),
});

/** Any service whose handler wants action and parsed parameters. */
export const jsonBackend = (
  handle: (action: string, parameters: Route['parameters']) => AwsAnswer | Promise<AwsAnswer>,
  allowed: AllowList,
): Backend => ({
  handle: async (_request, route) => handle(route.action, route.parameters),
  protocol: 'json',
  allowed,
});

function toRequest(incoming: IncomingMessage, body: string): AwsRequest {
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    headers: Object.fromEntries(headers),
    body,
  };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming) {
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) throw new Error(`want a body of ${BODY_MAX_BYTES} bytes at most, got more`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function write(outgoing: ServerResponse, outcome: FaultOutcome, clock: Clock): void {
  if (outcome === 'drop') {
    outgoing.destroy();
    return;
  }
  // The SDK measures its clock against this header: it must be the caller's own, virtual time.
  outgoing.setHeader('date', new Date(clock.now()).toUTCString());
  outgoing.writeHead(outcome.status, { ...outcome.headers });
  outgoing.end(outcome.body);
}
