import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verify } from '@octokit/webhooks-methods';
import { deliver } from '../../../local/github/deliver.ts';
import { startGitHub } from '../../../local/github/http.ts';
import { LABELS, SECRET, START, serve, startJob } from './fixture.ts';

type Served = Awaited<ReturnType<typeof serve>>;
let world: Served;
beforeEach(async () => {
  world = await serve();
});
afterEach(() => world.github.close());

/** The files of a fresh registration, decoded as a runner finds them. */
async function files() {
  const octokit = world.client(await world.token());
  const wish = { org: 'acme', name: 'r', runner_group_id: 1, labels: LABELS };
  const { data } = await octokit.rest.actions.generateRunnerJitconfigForOrg(wish);
  const coded = JSON.parse(Buffer.from(data.encoded_jit_config, 'base64').toString());
  const read = (name: string) => Buffer.from(coded[name], 'base64').toString();
  const { ServerUrlV2: url } = JSON.parse(read('.runner'));
  const { data: credentials } = JSON.parse(read('.credentials'));
  return { url, clientId: credentials.clientId, rsaParams: read('.credentials_rsaparams') };
}

async function call(method: string, url: string, body?: unknown) {
  const answer = await fetch(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe("a runner's way over HTTP", () => {
  it('connects with its files, gets a job, runs it and is gone', async () => {
    const { url, clientId, rsaParams } = await files();
    const wish = { clientId, rsaParams, version: '2.336.0' };
    const opened = await call('POST', `${url}sessions`, wish);
    expect(opened.status).toBe(201);
    expect((await call('POST', `${url}sessions`, wish)).status).toBe(409);
    const session = `${url}sessions/${opened.body.sessionId}`;
    const jobId = startJob(world.model, START);
    expect((await call('GET', `${session}/message`)).body).toEqual({ kind: 'job', jobId });
    const job = `${session}/jobs/${jobId}`;
    expect((await call('POST', `${job}/acquire`)).body).toMatchObject({ jobId, name: 'build' });
    expect((await call('POST', `${job}/renew`)).status).toBe(204);
    const steps = [{ name: 'Say', conclusion: 'success', startedAt: START, completedAt: START + 1 }];
    expect((await call('POST', `${job}/finish`, { conclusion: 'success', steps })).status).toBe(204);
    expect((await call('POST', `${job}/finish`, { conclusion: 'success', steps })).status).toBe(404);
    expect((await call('GET', `${session}/message`)).body).toEqual({ kind: 'gone' });
    expect((await call('POST', `${url}sessions`, wish)).status).toBe(401);
    expect(world.model.truth.job(jobId, START)).toMatchObject({ conclusion: 'success', runnerName: 'r' });
  });

  it('holds a poll open until there is a job', async () => {
    const { url, clientId, rsaParams } = await files();
    const opened = await call('POST', `${url}sessions`, { clientId, rsaParams, version: '2.336.0' });
    const patient = await startGitHub({ model: world.model, now: () => START, pollMaxMs: 60_000 });
    try {
      const poll = call('GET', `${patient.url}/_runner/sessions/${opened.body.sessionId}/message`);
      // The poll is open by now; one that came later still would find the job at once.
      await call('GET', `${patient.url}/_runner/nothing`);
      const jobId = startJob(world.model, START);
      patient.wake();
      expect((await poll).body).toEqual({ kind: 'job', jobId });
    } finally {
      await patient.close();
    }
  });

  it('answers a poll without news when its time is up', async () => {
    const { url, clientId, rsaParams } = await files();
    const opened = await call('POST', `${url}sessions`, { clientId, rsaParams, version: '2.336.0' });
    expect((await call('GET', `${url}sessions/${opened.body.sessionId}/message`)).body).toEqual({
      kind: 'none',
    });
  });
});

describe('the server', () => {
  it('refuses a body that is no JSON, and one that is too large', async () => {
    const post = async (body: string) =>
      (await fetch(`${world.github.url}/app`, { method: 'POST', body })).status;
    expect([await post('{'), await post('x'.repeat(1_048_577))]).toEqual([400, 413]);
  });

  it('says in one sentence that its port is taken', async () => {
    const port = Number(new URL(world.github.url).port);
    await expect(startGitHub({ model: world.model, port })).rejects.toThrow(`want port ${port} free`);
  });
});

describe('delivering webhooks', () => {
  async function receive(answer: number, work: (url: string) => Promise<void>) {
    const bodies: { body: string; signature: string }[] = [];
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      const signature = String(request.headers['x-hub-signature-256']);
      bodies.push({ body: Buffer.concat(parts).toString('utf8'), signature });
      response.writeHead(answer).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await work(`http://127.0.0.1:${port}/`);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return bodies;
  }

  const codes = async () =>
    (await world.asApp().rest.apps.listWebhookDeliveries()).data.map(({ status_code }) => status_code);

  it('posts each due event once, verifiably signed, and records the answer', async () => {
    for (let i = 0; i < 12; i++) startJob(world.model, START);
    world.time.now += 2_000;
    const now = () => world.time.now;
    const bodies = await receive(202, async (url) => {
      expect(await deliver({ model: world.model, url, now })).toBe(12);
      expect(await deliver({ model: world.model, url, now })).toBe(0);
    });
    expect(new Set(bodies.map(({ body }) => JSON.parse(body).workflow_job.id)).size).toBe(12);
    for (const { body, signature } of bodies) expect(await verify(SECRET, body, signature)).toBe(true);
    expect(await codes()).toEqual(Array.from({ length: 12 }, () => 202));
  });

  it('records a refusal by its status and an unreachable receiver by none', async () => {
    const now = () => world.time.now;
    startJob(world.model, START);
    world.time.now += 2_000;
    await receive(500, async (url) => void (await deliver({ model: world.model, url, now })));
    startJob(world.model, world.time.now);
    world.time.now += 2_000;
    await deliver({ model: world.model, url: 'http://127.0.0.1:1/', now });
    expect(await codes()).toEqual([0, 500]);
  });
});
