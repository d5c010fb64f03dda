import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, failureOf, LABELS, oneJob, register, runJob, START, serve, startJob } from './fixture.ts';

type Served = Awaited<ReturnType<typeof serve>>;
let world: Served;
let octokit: ReturnType<Served['client']>;
const shop = { owner: 'acme', repo: 'shop' };
const hour = 3_600_000;

beforeEach(async () => {
  world = await serve();
  octokit = world.client(await world.token());
});
afterEach(() => world.github.close());

/** Starts a run of two jobs and runs them, the first badly. */
function failHalf(): { readonly runId: string; readonly jobIds: readonly string[] } {
  const { model } = world;
  const jobs = ['bad', 'good'].map((name) => ({ name, labels: [name] }));
  const run = model.createRun({ ...oneJob(), jobs }, START);
  for (const [index, { jobId, name }] of run.jobs.entries()) {
    const sessionId = connect(model, register(world, { name, labels: [name] }, START), START);
    model.acquire({ sessionId, jobId }, START);
    model.finish({ sessionId, jobId, conclusion: index === 0 ? 'failure' : 'success', steps: [] }, START);
  }
  return { runId: run.runId, jobIds: run.jobs.map(({ jobId }) => jobId) };
}

describe('reading runs and jobs', () => {
  it('shows a job by its id, with its labels and no runner while it waits', async () => {
    const jobId = startJob(world.model, START);
    const { data } = await octokit.rest.actions.getJobForWorkflowRun({ ...shop, job_id: Number(jobId) });
    expect(data).toMatchObject({ id: Number(jobId), status: 'queued', labels: LABELS, runner_name: null });
    const elsewhere = octokit.rest.actions.getJobForWorkflowRun({
      ...shop,
      repo: 'blog',
      job_id: Number(jobId),
    });
    expect((await failureOf(elsewhere)).status).toBe(404);
  });

  it('shows where a run comes from: event, actors, head repository, attempt, path', async () => {
    world.model.addRepository({ fullName: 'mallory/shop', fork: true }, START);
    const wish = { ...oneJob(), event: 'pull_request', headRepository: 'mallory/shop', actor: 'mallory' };
    const { runId } = world.model.createRun(wish, START);
    const { data } = await octokit.rest.actions.getWorkflowRun({ ...shop, run_id: Number(runId) });
    expect(data).toMatchObject({
      event: 'pull_request',
      actor: { login: 'mallory' },
      head_repository: { full_name: 'mallory/shop', fork: true },
      repository: { full_name: 'acme/shop' },
      run_attempt: 1,
      path: '.github/workflows/ci.yml',
    });
    expect(data.head_repository.id).not.toBe(data.repository.id);
  });

  it('shows no head repository when the fork was deleted', async () => {
    const { runId } = world.model.createRun({ ...oneJob(), headRepository: null }, START);
    const { data } = await octokit.rest.actions.getWorkflowRun({ ...shop, run_id: Number(runId) });
    expect(data.head_repository).toBeNull();
  });

  it('finds runs by status; jobs also wait inside runs that are in progress', async () => {
    const list = async (status: 'queued' | 'in_progress' | 'completed') =>
      (await octokit.rest.actions.listWorkflowRunsForRepo({ ...shop, status })).data.workflow_runs.map(
        ({ id }) => String(id),
      );
    const waiting = world.model.createRun(oneJob(['nobody']), START).runId;
    const half = world.model.createRun(
      { ...oneJob(), jobs: [oneJob().jobs, oneJob(['nobody']).jobs].flat() },
      START,
    );
    expect(await list('queued')).toEqual([half.runId, waiting]);
    runJob(world.model, connect(world.model, register(world, { name: 'r' }, START), START), START);
    expect([await list('queued'), await list('in_progress'), await list('completed')]).toEqual([
      [waiting],
      [half.runId],
      [],
    ]);
  });
});

describe('running failed jobs again', () => {
  it('keeps the run, raises the attempt and gives new job ids to what failed', async () => {
    const before = failHalf();
    await octokit.rest.actions.reRunWorkflowFailedJobs({ ...shop, run_id: Number(before.runId) });
    const list = async (filter: 'latest' | 'all') =>
      (await octokit.rest.actions.listJobsForWorkflowRun({ ...shop, run_id: Number(before.runId), filter }))
        .data.jobs;
    const latest = await list('latest');
    expect(latest.map(({ name, run_attempt, status }) => [name, run_attempt, status])).toEqual([
      ['good', 1, 'completed'],
      ['bad', 2, 'queued'],
    ]);
    expect(before.jobIds).not.toContain(String(latest[1]?.id));
    expect(await list('all')).toHaveLength(3);
    const { data } = await octokit.rest.actions.getWorkflowRun({ ...shop, run_id: Number(before.runId) });
    expect(data).toMatchObject({ run_attempt: 2, status: 'in_progress', conclusion: null });
  });

  it('is refused while the run is not over', async () => {
    const { runId } = world.model.createRun(oneJob(), START);
    const again = octokit.rest.actions.reRunWorkflowFailedJobs({ ...shop, run_id: Number(runId) });
    expect((await failureOf(again)).status).toBe(403);
  });
});

describe('cancelling', () => {
  const cancel = (runId: string) =>
    octokit.rest.actions.cancelWorkflowRun({ ...shop, run_id: Number(runId) });

  it('ends waiting jobs at once, and then answers 409', async () => {
    const run = world.model.createRun(oneJob(), START);
    expect((await cancel(run.runId)).status).toBe(202);
    expect(world.model.truth.jobs(START)).toMatchObject([{ conclusion: 'cancelled', runnerName: null }]);
    expect((await failureOf(cancel(run.runId))).status).toBe(409);
  });

  it('asks the runner of a running job, and ends the job itself after five minutes', async () => {
    const { model } = world;
    const run = model.createRun(oneJob(), START);
    const sessionId = connect(model, register(world, { name: 'r' }, START), START);
    const jobId = run.jobs[0]?.jobId ?? '';
    model.acquire({ sessionId, jobId }, START);
    await cancel(run.runId);
    expect(model.poll(sessionId, START)).toEqual({ kind: 'cancel', jobId });
    expect(model.truth.job(jobId, START)).toMatchObject({ status: 'in_progress' });
    expect(model.truth.job(jobId, START + 300_000)).toMatchObject({ conclusion: 'cancelled' });
  });

  it('by force does not wait for the runner, which is told that it is gone', async () => {
    const { model } = world;
    const run = model.createRun(oneJob(), START);
    const sessionId = connect(model, register(world, { name: 'r' }, START), START);
    const which = { sessionId, jobId: run.jobs[0]?.jobId ?? '' };
    model.acquire(which, START);
    await octokit.rest.actions.forceCancelWorkflowRun({ ...shop, run_id: Number(run.runId) });
    expect(model.truth.jobs(START)).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }]);
    expect([model.renew(which, START), model.poll(sessionId, START).kind]).toEqual([false, 'gone']);
  });

  it('frees the runner that was handed the job and has not picked it up', () => {
    const { model } = world;
    const session = connect(model, register(world, { name: 'r' }, START), START);
    const first = startJob(model, START);
    const second = startJob(model, START);
    model.cancelJob(first, START);
    expect(model.poll(session, START)).toEqual({ kind: 'job', jobId: second });
  });
});

describe('time limits of a job', () => {
  it('cancels what waited 24 h for a runner', () => {
    const jobId = startJob(world.model, START);
    expect(world.model.truth.job(jobId, START + 24 * hour - 1)?.status).toBe('queued');
    expect(world.model.truth.job(jobId, START + 24 * hour)?.conclusion).toBe('cancelled');
  });

  it('counts the 24 h of a job behind an approval from its release', () => {
    const jobs = [{ name: 'deploy', labels: LABELS, environment: 'production' }];
    const jobId = world.model.createRun({ ...oneJob(), jobs }, START).jobs[0]?.jobId ?? '';
    expect(world.model.truth.job(jobId, START + 48 * hour)?.status).toBe('waiting');
    world.model.approveJob(jobId, START + 48 * hour);
    expect(world.model.truth.job(jobId, START + 72 * hour - 1)?.status).toBe('queued');
    expect(world.model.truth.job(jobId, START + 72 * hour)?.conclusion).toBe('cancelled');
  });
});
