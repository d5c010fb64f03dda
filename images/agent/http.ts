import * as http from 'node:http';
import * as https from 'node:https';

/** One request with its bounds. */
export type HttpRequest = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Real milliseconds until the whole answer must be here. */
  readonly timeoutMs: number;
  /** Longest answer read. */
  readonly bytesMax: number;
  /** Gives the request up, as if it had found no answer. */
  readonly signal?: AbortSignal;
};

export type HttpAnswer = { readonly status: number; readonly body: string };

/** The agent's one way out. */
export interface Http {
  /**
   * Follows no redirect: the identity document and the token go to the named host or nowhere. Undefined when there was
   * no whole answer (network, time-out, too long): the request may still have been carried out.
   */
  send(request: HttpRequest): Promise<HttpAnswer | undefined>;
}

/** Over node:http, which starts faster and holds less memory than `fetch`: hundreds of these run in one local run. */
export const nodeHttp: Http = {
  send: (request) => exchange(request).catch(() => undefined),
};

function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const speak = request.url.startsWith('https:') ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const outgoing = speak(request.url, {
      method: request.method,
      headers: { ...request.headers, ...lengthOf(request.body) },
      signal: request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]),
      // One connection per request: minutes lie between two, and a kept one would be a race with its closing.
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => readBody(response, request.bytesMax).then(resolve, reject));
    outgoing.end(request.body);
  });
}

const lengthOf = (body: string | undefined) =>
  body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };

async function readBody(response: http.IncomingMessage, bytesMax: number): Promise<HttpAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    const chunk = Buffer.from(part);
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`answer longer than ${bytesMax} bytes`);
    parts.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') };
}
