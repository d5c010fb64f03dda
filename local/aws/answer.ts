import type { Json } from '../json.ts';

/** An AWS API request as it came over HTTP; header names are lower-cased, the body is text (no API here takes binary). */
export type AwsRequest = {
  readonly method: string;
  /** Path with its query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What goes back over HTTP. */
export type AwsAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** One emulated API behind the front door. It answers errors as answers; a throw is our bug (500). */
export type AwsHandler = (request: AwsRequest) => Promise<AwsAnswer>;

const JSON_TYPE = 'application/x-amz-json-1.1';

/** An answer of the JSON protocols (all services here but EC2). */
export const jsonAnswer = (value: Json): AwsAnswer => ({
  status: 200,
  headers: { 'content-type': JSON_TYPE },
  body: JSON.stringify(value),
});

/** An error of the JSON protocols; the SDK gives it `name` = code. */
export const jsonError = (code: string, message: string, status = 400): AwsAnswer => ({
  status,
  headers: { 'content-type': JSON_TYPE, 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message, Message: message }),
});

const escapeXml = (text: string) => text.replace(/[<>&'"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** An error of the EC2 query protocol. */
export const queryError = (code: string, message: string, status = 400): AwsAnswer => ({
  status,
  headers: { 'content-type': 'text/xml;charset=UTF-8' },
  body:
    `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${escapeXml(code)}</Code>` +
    `<Message>${escapeXml(message)}</Message></Error></Errors><RequestID>local</RequestID></Response>`,
});
