import { beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seededDraw } from '../../../local/github/draw.ts';
import { connect, LABELS, makeModel, oneJob, register, runJob, START, startJob } from './fixture.ts';

type World = ReturnType<typeof makeModel>;
let world: World;
beforeEach(() => {
  world = makeModel();
});

const online = (wish: Parameters<typeof register>[1], at = START) =>
  connect(world.model, register(world, wish, at), at);
const handedTo = (sessionId: string, at = START) => {
  const message = world.model.poll(sessionId, at);
  return message.kind === 'job' ? message.jobId : message.kind;
};

describe('which runner takes which job', () => {
  it('needs every label of the job, compares without case, and minds no further labels', () => {
    const fitting = online({ name: 'big', labels: ['Self-Hosted', 'LINUX', 'x64', 'gpu'] });
    const lacking = online({ name: 'small', labels: ['self-hosted', 'linux'] });
    const jobId = startJob(world.model, START, oneJob(['self-hosted', 'Linux', 'X64']));
    expect([handedTo(fitting), handedTo(lacking)]).toEqual([jobId, 'none']);
  });

  it('binds no runner to a job: of many idle runners and jobs any may meet any', () => {
    const meetings = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      world = makeModel({ draw: seededDraw(seed) });
      const jobs = ['a', 'b'].map((name) => startJob(world.model, START, oneJob(LABELS, name)));
      const first = online({ name: 'launched-for-a' });
      meetings.add(String(jobs.indexOf(handedTo(first))));
    }
    expect([...meetings].sort()).toEqual(['0', '1']);
  });

  it('keeps the runners of a repository to that repository', () => {
    const elsewhere = online({ name: 'blog-only', repository: 'acme/blog' });
    startJob(world.model, START);
    expect(handedTo(elsewhere)).toBe('none');
  });

  it('lets a group serve only the repositories that it names', () => {
    const { id: groupId } = world.model.addRunnerGroup({
      organization: 'acme',
      name: 'Blog',
      visibility: 'selected',
      repositories: ['acme/Blog'],
    });
    const runner = online({ name: 'blog', groupId });
    startJob(world.model, START);
    expect(handedTo(runner)).toBe('none');
    const jobId = startJob(world.model, START, { ...oneJob(), repository: 'acme/blog' });
    expect(handedTo(runner)).toBe(jobId);
  });

  it('keeps a group from public repositories until it allows them', () => {
    const wish = { ...oneJob(), repository: 'acme/site' };
    const usual = online({ name: 'usual' });
    const jobId = startJob(world.model, START, wish);
    expect(handedTo(usual)).toBe('none');
    const open = { organization: 'acme', name: 'Open', allowsPublic: true };
    const { id: groupId } = world.model.addRunnerGroup(open);
    expect(handedTo(online({ name: 'open', groupId }))).toBe(jobId);
  });

  it('hands out a job held by its concurrency group only once that lets it go', () => {
    const runner = online({ name: 'runner' });
    const wish = oneJob();
    const [job] = world.model.createRun(
      { ...wish, jobs: [{ name: 'deploy', labels: LABELS, held: true }] },
      START,
    ).jobs;
    expect([job?.status, handedTo(runner)]).toEqual(['queued', 'none']);
    world.model.releaseJob(job?.jobId ?? '', START);
    expect(handedTo(runner)).toBe(job?.jobId);
  });

  it('never leaves a fitting pair of idle runner and waiting job, whatever happens', () => {
    const labelSet = fc.subarray(['a', 'b', 'c', 'id=1', 'id=2'], { minLength: 1 });
    const act = fc.record({
      kind: fc.constantFrom('job', 'runner', 'leave', 'cancel'),
      labels: labelSet,
      n: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), fc.nat(), (acts, seed) => {
        world = makeModel({ draw: seededDraw(seed) });
        const sessions: string[] = [];
        const jobs: string[] = [];
        acts.forEach(({ kind, labels, n }, i) => {
          if (kind === 'job') jobs.push(startJob(world.model, START, oneJob(labels)));
          if (kind === 'runner') sessions.push(online({ name: `r${i}`, labels }));
          if (kind === 'leave') world.model.disconnect(sessions[n] ?? '', START);
          if (kind === 'cancel' && jobs[n] !== undefined) world.model.cancelJob(jobs[n], START);
        });
        const idle = world.model.truth.registrations(START).filter(({ state }) => state === 'idle');
        const waiting = world.model.truth
          .jobs(START)
          .filter((job) => job.status === 'queued' && job.assignedTo === null);
        const fits = waiting.flatMap((job) =>
          idle.filter((runner) => job.labels.every((label) => runner.labels.includes(label))),
        );
        expect(fits).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('picking a job up', () => {
  it('makes the runner busy, names it in the job and uses it up', () => {
    const session = online({ name: 'runner' });
    const jobId = startJob(world.model, START);
    expect(world.model.truth.job(jobId, START)).toMatchObject({ status: 'queued', assignedTo: 'runner' });
    runJob(world.model, session, START);
    expect(world.model.truth.job(jobId, START)).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      runnerName: 'runner',
      completedAt: START + 1,
    });
    expect(handedTo(session)).toBe('gone');
  });

  it('gives the steps and the context that GitHub gives', () => {
    const sessionId = online({ name: 'runner' });
    const jobId = startJob(world.model, START);
    const message = world.model.acquire({ sessionId, jobId }, START);
    expect(message).toMatchObject({ jobId, name: 'build', steps: [{ name: 'Say', run: 'echo hello' }] });
    expect(message?.variables).toMatchObject({
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_ACTOR: 'alice',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_WORKFLOW_REF: 'acme/shop/.github/workflows/ci.yml@refs/heads/main',
    });
  });

  it('goes to another runner after 60 s, and the sleeper may have a later one', () => {
    const sleeper = online({ name: 'sleeper' });
    const jobId = startJob(world.model, START);
    const second = online({ name: 'second' });
    expect(handedTo(second, START + 59_999)).toBe('none');
    expect(handedTo(second, START + 60_000)).toBe(jobId);
    expect(world.model.acquire({ sessionId: sleeper, jobId }, START + 60_000)).toBeUndefined();
    const next = startJob(world.model, START + 60_001);
    expect(handedTo(sleeper, START + 60_001)).toBe(next);
  });

  it('goes to another runner when the first leaves or is deleted', () => {
    const first = online({ name: 'first' });
    const jobId = startJob(world.model, START);
    const second = online({ name: 'second' });
    world.model.disconnect(first, START + 1);
    expect(handedTo(second, START + 1)).toBe(jobId);
  });

  it('tells which sessions a poll would serve, once', () => {
    const session = online({ name: 'runner' });
    startJob(world.model, START);
    expect(world.model.takeWoken()).toEqual([session]);
    expect(world.model.takeWoken()).toEqual([]);
  });
});

describe('a runner whose host dies', () => {
  const minute = 60_000;

  it('is shown offline after silence, and its job fails when the lease has lapsed', () => {
    const sessionId = online({ name: 'runner' });
    const jobId = startJob(world.model, START);
    world.model.acquire({ sessionId, jobId }, START);
    expect(world.model.truth.job(jobId, START + 10 * minute - 1)).toMatchObject({ status: 'in_progress' });
    expect(world.model.truth.job(jobId, START + 10 * minute)).toMatchObject({ conclusion: 'failure' });
    expect(world.model.truth.issued(START + 10 * minute)).toMatchObject([{ jobId, removedBy: 'lost' }]);
  });

  it('keeps its job as long as it renews the lease', () => {
    const sessionId = online({ name: 'runner' });
    const which = { sessionId, jobId: startJob(world.model, START) };
    world.model.acquire(which, START);
    for (let at = START; at < START + 60 * minute; at += minute)
      expect(world.model.renew(which, at)).toBe(true);
    expect(world.model.truth.job(which.jobId, START + 60 * minute)).toMatchObject({ status: 'in_progress' });
  });

  it('is back with its next poll, if it was only silent', () => {
    const session = online({ name: 'runner' });
    const jobId = startJob(world.model, START + 30 * minute);
    expect(world.model.truth.job(jobId, START + 30 * minute)?.assignedTo).toBeNull();
    expect(handedTo(session, START + 31 * minute)).toBe(jobId);
  });
});
