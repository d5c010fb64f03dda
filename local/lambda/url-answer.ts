import { isObject, type Json } from '../json.ts';
import type { InvokeOutcome } from './outcome.ts';

/** An HTTP answer of a Function URL. */
export type UrlAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
};

const JSON_HEADERS = { 'content-type': 'application/json' };

/** An answer of the front itself, not of the function. */
export const plainAnswer = (status: number, message: string): UrlAnswer => ({
  status,
  headers: JSON_HEADERS,
  cookies: [],
  body: Buffer.from(JSON.stringify({ message })),
});

/** What the caller of a Function URL gets for an invocation. An error of the function tells nothing of itself. */
export function urlAnswer(outcome: InvokeOutcome): UrlAnswer {
  if (outcome.ok) return answerOf(outcome.payload);
  return outcome.fault === 'throttled'
    ? plainAnswer(429, 'Rate Exceeded.')
    : plainAnswer(502, 'Internal Server Error');
}

function answerOf(payload: Json): UrlAnswer {
  // Without a status code the whole result is the body, as Lambda infers it.
  if (!isObject(payload) || payload['statusCode'] === undefined) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return { status: 200, headers: JSON_HEADERS, cookies: [], body: Buffer.from(text) };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = payload;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return plainAnswer(502, 'Internal Server Error');
  const text =
    body === undefined || body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    headers: { ...JSON_HEADERS, ...lowerCased(headers) },
    cookies: Array.isArray(cookies) ? cookies.map(String) : [],
    body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const lowerCased = (headers: Json | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(headers) ? headers : {}).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
