import { describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { onPrivateApi, type PrivateRequest } from '../../lambdas/adapters/private-api.ts';

/** What a private API sends, as far as we read it; the headers are what a caller may claim about itself. */
const eventOf = (body: string | null, isBase64Encoded = false): APIGatewayProxyEvent =>
  JSON.parse(
    JSON.stringify({
      httpMethod: 'POST',
      headers: { 'x-forwarded-for': '10.83.0.99', 'X-Real-Ip': '10.83.0.99' },
      body,
      isBase64Encoded,
      requestContext: { identity: { sourceIp: '10.83.0.7', vpceId: 'vpce-1' } },
    }),
  );

async function seen(event: APIGatewayProxyEvent) {
  const requests: PrivateRequest[] = [];
  const handler = onPrivateApi(async (request) => {
    requests.push(request);
    return { statusCode: 403, body: { refused: true } };
  });
  const answer = await handler(event, JSON.parse('{}') satisfies Context, () => undefined);
  return { answer, request: requests[0] };
}

describe('a request of a private API', () => {
  it('has the address that the endpoint saw, whatever the headers say', async () => {
    expect((await seen(eventOf('{}'))).request?.source).toBe('10.83.0.7');
  });

  it.each([
    ['text', 'é', false, 'é'],
    ['base64', Buffer.from('é').toString('base64'), true, 'é'],
    ['nothing', null, false, ''],
  ] as const)('has the bytes of a body that came as %s', async (_how, body, coded, wanted) => {
    const { request } = await seen(eventOf(body, coded));
    expect(Buffer.from(request?.body ?? []).toString()).toBe(wanted);
  });

  it('is answered as JSON that nobody may keep', async () => {
    expect((await seen(eventOf('{}'))).answer).toEqual({
      statusCode: 403,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: '{"refused":true}',
    });
  });
});
