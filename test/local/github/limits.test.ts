import { afterEach, describe, expect, it } from '@jest/globals';
import type { GitHubModelOptions } from '../../../local/github/model.ts';
import { failureOf, LABELS, makeModel, START, serve, startJob } from './fixture.ts';

type Served = Awaited<ReturnType<typeof serve>>;
let world: Served;
afterEach(() => world.github.close());

const shop = { owner: 'acme', repo: 'shop' };
const hour = 3_600_000;

async function start(options: Partial<GitHubModelOptions> = {}) {
  world = await serve(options);
  const octokit = world.client(await world.token());
  const read = () => octokit.rest.repos.get(shop);
  const mint = (name: string, repo = 'shop') =>
    octokit.rest.actions.generateRunnerJitconfigForRepo({
      ...shop,
      repo,
      name,
      runner_group_id: 1,
      labels: LABELS,
    });
  return { octokit, read, mint };
}

describe('the primary limit', () => {
  it('is told by headers that count down from 5,000 an hour', async () => {
    const { read } = await start();
    await read();
    const { headers } = await read();
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '4998',
      'x-ratelimit-used': '2',
      'x-ratelimit-reset': String((START + hour) / 1_000),
      'x-ratelimit-resource': 'core',
    });
  });

  it('answers 403 with nothing remaining until its reset, and a refused call costs nothing', async () => {
    const { read } = await start({ limits: { coreMax: 2 } });
    await read();
    await read();
    for (const _ of [1, 2]) {
      const { status, headers } = await failureOf(read());
      expect(status).toBe(403);
      expect(headers).toMatchObject({ 'x-ratelimit-remaining': '0', 'x-ratelimit-used': '2' });
    }
    world.time.now += hour - 1;
    expect((await failureOf(read())).status).toBe(403);
    world.time.now += 1;
    const fresh = world.client(await world.token());
    expect((await fresh.rest.repos.get(shop)).status).toBe(200);
  });

  it('keeps a bucket of its own for registrations, 10,000 an hour', async () => {
    const { read, mint } = await start();
    expect((await mint('one')).headers).toMatchObject({
      'x-ratelimit-limit': '10000',
      'x-ratelimit-remaining': '9999',
      'x-ratelimit-resource': 'actions_runner_registration',
    });
    expect((await read()).headers).toMatchObject({ 'x-ratelimit-remaining': '4999' });
  });

  it('draws registrations from core where GitHub is read to do so', async () => {
    const { mint } = await start({ jitResource: 'core' });
    expect((await mint('one')).headers).toMatchObject({
      'x-ratelimit-resource': 'core',
      'x-ratelimit-remaining': '4999',
    });
  });

  it('is not drawn from by GET /rate_limit, which shows every bucket', async () => {
    const { octokit, read } = await start();
    await read();
    await octokit.rest.rateLimit.get();
    const { data } = await octokit.rest.rateLimit.get();
    expect(data.resources.core).toMatchObject({ limit: 5_000, remaining: 4_999 });
    expect(data.resources.actions_runner_registration).toMatchObject({ limit: 10_000, remaining: 10_000 });
  });

  it('is not drawn from by an answer that has not changed: 304 for a known ETag', async () => {
    const { octokit, read } = await start();
    const jobId = startJob(world.model, START);
    const job = (etag?: string) =>
      octokit.rest.actions.getJobForWorkflowRun({
        ...shop,
        job_id: Number(jobId),
        ...(etag !== undefined && { headers: { 'if-none-match': etag } }),
      });
    const etag = (await job()).headers.etag;
    const unchanged = await failureOf(job(etag));
    expect(unchanged.status).toBe(304);
    expect(unchanged.headers).toMatchObject({ etag, 'x-ratelimit-remaining': '4999' });
    world.model.cancelJob(jobId, START);
    expect((await job(etag)).data.status).toBe('completed');
    expect((await read()).headers).toMatchObject({ 'x-ratelimit-remaining': '4997' });
  });
});

describe('the secondary limit', () => {
  it('gives 900 points a minute: 180 writes, and then says when to come back', async () => {
    const { mint } = await start();
    for (let i = 0; i < 180; i++) await mint(`runner-${i}`);
    world.time.now += 20_000;
    const { status, headers, message } = await failureOf(mint('one-more'));
    expect([403, 429]).toContain(status);
    expect(headers['retry-after']).toBe('40');
    expect(message).toContain('secondary rate limit');
    world.time.now += 40_000;
    expect((await mint('one-more')).status).toBe(201);
  });

  it('counts a read as one point', async () => {
    const { read } = await start({ limits: { pointsMax: 5 } });
    for (let i = 0; i < 5; i++) await read();
    expect([403, 429]).toContain((await failureOf(read())).status);
  });

  it('may leave retry-after out', async () => {
    const { read } = await start({ limits: { pointsMax: 5 }, faults: { retryAfterOmitted: 1 } });
    for (let i = 0; i < 5; i++) await read();
    expect((await failureOf(read())).headers).not.toHaveProperty('retry-after');
  });
});

describe('the limit of registrations', () => {
  it('holds per scope and five minutes, whoever registers', async () => {
    const { mint } = await start({ limits: { scopeRegistrationsMax: 2 } });
    await mint('one');
    await mint('two');
    expect([403, 429]).toContain((await failureOf(mint('three'))).status);
    expect((await mint('three', 'blog')).status).toBe(201);
    world.time.now += 300_000;
    expect((await mint('three')).status).toBe(201);
  });

  it('is 1,500 as documented', () => {
    const { model, installation } = makeModel({ limits: { pointsMax: 1e9 } });
    const statuses = Array.from({ length: 1_501 }, (_, i) => {
      const body = { name: `r${i}`, runner_group_id: 1, labels: LABELS };
      const caller = { kind: 'installation', id: installation.id } as const;
      const path = '/orgs/acme/actions/runners/generate-jitconfig';
      return model.request({ method: 'POST', path, caller, body }, START).status;
    });
    expect(statuses.findIndex((status) => status !== 201)).toBe(1_500);
  });
});
