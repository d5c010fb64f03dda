import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, failureOf, LABELS, register, runJob, START, serve, startJob } from './fixture.ts';

type Served = Awaited<ReturnType<typeof serve>>;
let world: Served;
let octokit: ReturnType<Served['client']>;

beforeEach(async () => {
  world = await serve();
  octokit = world.client(await world.token());
});
afterEach(() => world.github.close());

const mint = (change: Record<string, unknown> = {}) =>
  octokit.rest.actions.generateRunnerJitconfigForOrg({
    org: 'acme',
    name: 'runner-1',
    runner_group_id: 1,
    labels: LABELS,
    ...change,
  });

const day = 86_400_000;

describe('generate-jitconfig', () => {
  it('registers an offline runner without a version and with exactly the labels sent', async () => {
    const { status, data } = await mint({ labels: ['Only-This'] });
    expect(status).toBe(201);
    expect(data.runner).toMatchObject({ name: 'runner-1', status: 'offline', busy: false, version: null });
    expect(data.runner.labels.map(({ name }) => name)).toEqual(['Only-This']);
    expect(data.runner).toMatchObject({ runner_group_id: 1, ephemeral: true, os: 'unknown' });
  });

  it('hands out the three files of a runner, with its name, its id and this server', async () => {
    const { data } = await mint();
    const files = JSON.parse(Buffer.from(data.encoded_jit_config, 'base64').toString());
    expect(Object.keys(files)).toEqual(['.runner', '.credentials', '.credentials_rsaparams']);
    const read = (name: string) => JSON.parse(Buffer.from(files[name], 'base64').toString());
    expect(read('.runner')).toMatchObject({
      AgentId: String(data.runner.id),
      AgentName: 'runner-1',
      GitHubUrl: '',
      WorkFolder: '_work',
      ServerUrlV2: `${world.github.url}/_runner/`,
      UseV2Flow: true,
      Ephemeral: true,
    });
    expect(read('.credentials')).toMatchObject({ scheme: 'OAuth', data: { clientId: expect.any(String) } });
    expect(Object.keys(read('.credentials_rsaparams'))).toEqual(
      expect.arrayContaining(['d', 'dp', 'dq', 'exponent', 'inverseQ', 'modulus', 'p', 'q']),
    );
  });

  it('gives every runner a key of its own', async () => {
    const first = (await mint()).data.encoded_jit_config;
    const second = (await mint({ name: 'runner-2' })).data.encoded_jit_config;
    expect(first).not.toBe(second);
  });

  it('answers 409 while a registration of that name stands in the scope, and only there', async () => {
    await mint();
    expect((await failureOf(mint())).status).toBe(409);
    const elsewhere = octokit.rest.actions.generateRunnerJitconfigForRepo({
      owner: 'acme',
      repo: 'shop',
      name: 'runner-1',
      runner_group_id: 1,
      labels: LABELS,
    });
    expect((await elsewhere).status).toBe(201);
  });

  it.each([
    ['no group', { runner_group_id: undefined }],
    ['no labels', { labels: [] }],
    ['101 labels', { labels: Array.from({ length: 101 }, (_, i) => `l${i}`) }],
    ['an empty label', { labels: [' '] }],
    ['a label that is too long', { labels: ['x'.repeat(257)] }],
    ['no name', { name: undefined }],
    ['a name that is too long', { name: 'n'.repeat(65) }],
  ])('answers 422 to %s and registers nothing', async (_, change) => {
    expect((await failureOf(mint(change))).status).toBe(422);
    expect(world.model.truth.registrations(START)).toEqual([]);
  });

  it('answers 404 to an unknown group and 403 to a group of hosted runners', async () => {
    const hosted = world.model.addRunnerGroup({ organization: 'acme', name: 'Hosted', hosted: true });
    expect((await failureOf(mint({ runner_group_id: 99 }))).status).toBe(404);
    expect((await failureOf(mint({ runner_group_id: hosted.id }))).status).toBe(403);
  });
});

describe('reading registrations', () => {
  it('lists by name, by page with links, and gets by id', async () => {
    for (const n of [1, 2, 3]) await mint({ name: `runner-${n}` });
    const named = await octokit.rest.actions.listSelfHostedRunnersForOrg({ org: 'acme', name: 'runner-2' });
    expect(named.data).toMatchObject({ total_count: 1, runners: [{ name: 'runner-2' }] });
    const all = await octokit.paginate(octokit.rest.actions.listSelfHostedRunnersForOrg, {
      org: 'acme',
      per_page: 2,
    });
    expect(all.map(({ name }) => name)).toEqual(['runner-1', 'runner-2', 'runner-3']);
    const got = await octokit.rest.actions.getSelfHostedRunnerForOrg({
      org: 'acme',
      runner_id: all[0]?.id ?? 0,
    });
    expect(got.data.name).toBe('runner-1');
  });

  it('shows a connected runner as online with its version, and as busy only while a job runs', async () => {
    const runner = register(world, { name: 'runner-1' }, START);
    const see = async () => {
      const { runnerId } = runner;
      const { data } = await octokit.rest.actions.getSelfHostedRunnerForOrg({
        org: 'acme',
        runner_id: runnerId,
      });
      return data;
    };
    const sessionId = connect(world.model, runner, START);
    expect(await see()).toMatchObject({ status: 'online', busy: false, version: '2.336.0' });
    const jobId = startJob(world.model, START);
    world.model.acquire({ sessionId, jobId }, START);
    expect(await see()).toMatchObject({ status: 'online', busy: true });
  });
});

describe('deleting a registration', () => {
  const remove = (runnerId: number) =>
    octokit.rest.actions.deleteSelfHostedRunnerFromOrg({ org: 'acme', runner_id: runnerId });

  it('answers 204, then 404', async () => {
    const { runnerId } = register(world, { name: 'runner-1' }, START);
    expect((await remove(runnerId)).status).toBe(204);
    expect((await failureOf(remove(runnerId))).status).toBe(404);
  });

  it('answers 422 while the runner runs a job', async () => {
    const runner = register(world, { name: 'runner-1' }, START);
    const sessionId = connect(world.model, runner, START);
    const jobId = startJob(world.model, START);
    world.model.acquire({ sessionId, jobId }, START);
    expect((await failureOf(remove(runner.runnerId))).status).toBe(422);
  });

  it('tells the idle Listener that it is gone, and its key opens no session any more', async () => {
    const runner = register(world, { name: 'runner-1' }, START);
    const sessionId = connect(world.model, runner, START);
    await remove(runner.runnerId);
    expect(world.model.poll(sessionId, START)).toEqual({ kind: 'gone' });
    expect(() => connect(world.model, runner, START)).toThrow('invalid-client');
  });
});

describe('the life of a JIT configuration', () => {
  it('opens one session: a second use meets a conflict and is counted', () => {
    const runner = register(world, { name: 'runner-1' }, START);
    connect(world.model, runner, START);
    expect(() => connect(world.model, runner, START)).toThrow('session-conflict');
    expect(world.model.truth.issued(START)).toMatchObject([{ sessions: 1, conflicts: 1 }]);
  });

  it('is refused with a wrong key', () => {
    const runner = register(world, { name: 'runner-1' }, START);
    expect(() => connect(world.model, { ...runner, key: 'guessed' }, START)).toThrow('invalid-client');
  });

  it('is used up by one job: the registration vanishes with it', () => {
    const runner = register(world, { name: 'runner-1' }, START);
    const jobId = startJob(world.model, START);
    expect(runJob(world.model, connect(world.model, runner, START), START)).toBe(jobId);
    expect(world.model.truth.registrations(START + 1)).toEqual([]);
    expect(world.model.truth.issued(START + 1)).toMatchObject([{ jobId, removedBy: 'job' }]);
    expect(() => connect(world.model, runner, START + 2)).toThrow('invalid-client');
  });

  it('ends after a day without a connection, and not before', () => {
    register(world, { name: 'runner-1' }, START);
    expect(world.model.truth.registrations(START + day - 1)).toHaveLength(1);
    expect(world.model.truth.registrations(START + day)).toEqual([]);
    expect(world.model.truth.issued(START + day)).toMatchObject([{ removedBy: 'unused' }]);
  });

  it('counts that day anew from the last time it was online', () => {
    const sessionId = connect(world.model, register(world, { name: 'runner-1' }, START), START);
    world.model.poll(sessionId, START + day / 2);
    world.model.disconnect(sessionId, START + day / 2);
    expect(world.model.truth.registrations(START + day * 1.5 - 1)).toHaveLength(1);
    expect(world.model.truth.registrations(START + day * 1.5)).toEqual([]);
  });
});
