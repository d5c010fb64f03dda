import { afterEach, describe, expect, it } from '@jest/globals';
import { isObject, type Json, type JsonObject } from '../../../local/json.ts';
import { type FunctionUrl, openFunctionUrl } from '../../../local/lambda/function-url.ts';
import { type InvokeOutcome, platformFailure } from '../../../local/lambda/outcome.ts';
import { fastClock } from '../stack/local-stack.ts';

let opened: FunctionUrl | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** Serves one outcome and keeps the events. */
async function serve(outcome: InvokeOutcome, port = 0): Promise<{ url: string; events: JsonObject[] }> {
  const events: JsonObject[] = [];
  const invoke = async (event: Json) => {
    if (isObject(event)) events.push(event);
    return outcome;
  };
  opened = await openFunctionUrl({ clock: fastClock(), invoke, port });
  return { url: opened.url, events };
}
const ok = (payload: Json): InvokeOutcome => ({ ok: true, payload, requestId: 'r', ms: 1 });

describe('a function URL', () => {
  it('hands a JSON body over as text, with lower-cased headers and the raw query', async () => {
    const { url, events } = await serve(ok({ statusCode: 202 }));
    const body = '{"a":"ä"}';
    const headers = { 'Content-Type': 'application/json; charset=utf-8', 'X-GitHub-Event': 'workflow_job' };
    const answer = await fetch(`${url}in/x%20y?a=1&a=2&b=c%2Fd`, { method: 'POST', body, headers });
    expect(answer.status).toBe(202);
    expect(events).toEqual([
      expect.objectContaining({
        version: '2.0',
        rawPath: '/in/x%20y',
        rawQueryString: 'a=1&a=2&b=c%2Fd',
        queryStringParameters: { a: '1,2', b: 'c/d' },
        headers: expect.objectContaining({ 'x-github-event': 'workflow_job' }),
        requestContext: expect.objectContaining({
          http: expect.objectContaining({ method: 'POST', path: '/in/x%20y', sourceIp: '127.0.0.1' }),
        }),
        body,
        isBase64Encoded: false,
      }),
    ]);
  });

  it.each(['application/x-www-form-urlencoded', 'application/octet-stream'])(
    'hands %s over as base64',
    async (type) => {
      const { url, events } = await serve(ok('fine'));
      const answer = await fetch(url, {
        method: 'POST',
        body: Buffer.from([0, 255, 128]),
        headers: { 'content-type': type },
      });
      expect(events[0]).toMatchObject({ body: 'AP+A', isBase64Encoded: true });
      expect([answer.status, await answer.text()]).toEqual([200, 'fine']);
    },
  );

  it('gives status, headers, cookies and a decoded body back', async () => {
    const body = Buffer.from('binary').toString('base64');
    const payload = {
      statusCode: 429,
      headers: { 'Retry-After': 3 },
      cookies: ['a=1', 'b=2'],
      body,
      isBase64Encoded: true,
    };
    const answer = await fetch((await serve(ok(payload))).url);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.text()).toBe('binary');
  });

  it('tells nothing of an error but that there was one', async () => {
    const failure = platformFailure('timeout', 'r', {
      type: 'Sandbox.Timedout',
      message: 'the secret reason',
    });
    const answer = await fetch((await serve(failure)).url);
    expect([answer.status, await answer.json()]).toEqual([502, { message: 'Internal Server Error' }]);
  });

  it('answers 429 when too many wait', async () => {
    const failure = platformFailure('throttled', 'r', { type: 'TooManyRequestsException', message: 'full' });
    expect((await fetch((await serve(failure)).url)).status).toBe(429);
  });

  it('answers 413 to more than 6 MiB, and does not invoke', async () => {
    const { url, events } = await serve(ok(null));
    const answer = await fetch(url, { method: 'POST', body: Buffer.alloc(6 * 1024 * 1024 + 1) });
    expect(answer.status).toBe(413);
    expect(events).toEqual([]);
  });

  it('says that a port is in use', async () => {
    const { url } = await serve(ok(null));
    const first = opened;
    const port = Number(new URL(url).port);
    await expect(serve(ok(null), port)).rejects.toThrow(`port ${port} is in use`);
    opened = first;
  });
});
