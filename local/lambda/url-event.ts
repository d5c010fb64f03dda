import type { Json, JsonObject } from '../json.ts';

/** What the server knows of an HTTP request to a Function URL. */
export type UrlRequest = {
  readonly method: string;
  /** Path with query, as sent. */
  readonly target: string;
  /** Lower-cased names; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly requestId: string;
  /** Epoch ms, virtual. */
  readonly now: number;
};

/** Content types that Lambda hands over as text; anything else, and no type at all, is base64. */
const TEXT_TYPE = /^\s*(text\/|application\/(json|xml|javascript|[^;]+\+(json|xml))\s*(;|$))/i;

/** The event of payload format 2.0, as a Function URL sends it to the handler. */
export function urlEvent(request: UrlRequest): JsonObject {
  const [path = '/', ...rest] = request.target.split('?');
  const query = rest.join('?');
  const host = request.headers['host'] ?? 'localhost';
  const cookies = request.headers['cookie']?.split(/;\s*/);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers: request.headers,
    ...(cookies && { cookies }),
    ...(query !== '' && { queryStringParameters: queryParameters(query) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0] ?? host,
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: '$default',
      stage: '$default',
      time: new Date(request.now).toUTCString(),
      timeEpoch: Math.floor(request.now),
    },
    ...bodyOf(request),
  };
}

function bodyOf({ body, headers }: UrlRequest): JsonObject {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = TEXT_TYPE.test(headers['content-type'] ?? '');
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** Repeated parameters are joined by a comma. */
function queryParameters(query: string): JsonObject {
  const parameters: Record<string, Json> = {};
  for (const [key, value] of new URLSearchParams(query)) {
    const before = parameters[key];
    parameters[key] = before === undefined ? value : `${before},${value}`;
  }
  return parameters;
}
