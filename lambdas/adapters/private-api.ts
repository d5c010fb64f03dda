import type { APIGatewayProxyEvent, APIGatewayProxyHandler, APIGatewayProxyResult } from 'aws-lambda';
import type { UrlAnswer } from './function-url.ts';
import { answerOf } from './function-url.ts';

export interface PrivateRequest {
  readonly body: Uint8Array;
  /** Address of the caller in its VPC, as the interface endpoint saw it; no header can change it. */
  readonly source: string;
}

/** A private REST API's proxy event (payload of version 1). */
export const onPrivateApi =
  (work: (request: PrivateRequest) => Promise<UrlAnswer>): APIGatewayProxyHandler =>
  async (event): Promise<APIGatewayProxyResult> =>
    answerOf(await work({ body: bytesOf(event), source: event.requestContext.identity.sourceIp }));

const bytesOf = ({ body, isBase64Encoded }: APIGatewayProxyEvent): Uint8Array =>
  Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
