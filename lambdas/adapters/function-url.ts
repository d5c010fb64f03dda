import type { LambdaFunctionURLEvent, LambdaFunctionURLHandler, LambdaFunctionURLResult } from 'aws-lambda';

export interface UrlRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface UrlAnswer {
  readonly statusCode: number;
  /** JSON, or a sentence. */
  readonly body: object | string;
}

/** A Function URL gives text as it came and everything else as base64; signatures are over the raw bytes. */
const bytesOf = ({ body = '', isBase64Encoded }: LambdaFunctionURLEvent): Uint8Array =>
  Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');

const lowered = (headers: LambdaFunctionURLEvent['headers']): UrlRequest['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** Answers may hold the one delivery of a secret: nobody on the way may keep them. */
export function answerOf({ statusCode, body }: UrlAnswer) {
  const isText = typeof body === 'string';
  return {
    statusCode,
    headers: {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
      'cache-control': 'no-store',
    },
    body: isText ? body : JSON.stringify(body),
  };
}

export const onUrl =
  (work: (request: UrlRequest) => Promise<UrlAnswer>): LambdaFunctionURLHandler =>
  async (event): Promise<LambdaFunctionURLResult> => {
    const method = event.requestContext.http.method;
    return answerOf(await work({ method, headers: lowered(event.headers), body: bytesOf(event) }));
  };
