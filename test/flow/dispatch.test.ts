import { describe, expect, it } from '@jest/globals';
import { NEVER_ONLINE_MAX } from '../../lambdas/core/breaker.ts';
import { createStage } from './stage.ts';

const SPOT = ['m7i.large', 'c7i.large'].flatMap((type) =>
  ['us-east-1a', 'us-east-1b'].map((zone) => `${type}/${zone}/spot`),
);

describe('dispatch', () => {
  it('launches one machine for one job, by one request', async () => {
    const stage = createStage();
    stage.queue();
    expect(await stage.dispatch(stage.messages())).toEqual([]);
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(1);
    expect(stage.items('job')).toMatchObject([
      { intent: { step: 'launching', attempt: 1 }, pool: 'linux-x64' },
    ]);
    expect(stage.items('runner')).toMatchObject([
      { rank: 'launched', ticket: stage.items('launch')[0]?.ticket },
    ]);
  });

  it('launches 99 of 100 messages when one is poison, with one request, and parks that one alone', async () => {
    const stage = createStage({ pool: { limits: { ...LIMITS, runnersMax: 200 } } });
    stage.queue(99);
    const messages = stage.messages();
    const parked = await stage.dispatch([
      ...messages.slice(0, 50),
      { messageId: 'poison', body: '{"v":1,' },
      ...messages.slice(50),
    ]);
    expect(parked).toEqual(['poison']);
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(99);
    expect(stage.ec2.calls().get('CreateFleet')).toMatchObject({ calls: 1 });
  });

  it('launches once for a message that comes twice, in one batch or later, or to two functions at once', async () => {
    const stage = createStage();
    stage.queue(3);
    const messages = stage.messages();
    const again = messages.map(({ body }, n) => ({ messageId: `again ${n}`, body }));
    await Promise.all([stage.dispatch([...messages, ...again]), stage.dispatch(messages)]);
    await stage.dispatch(messages);
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(3);
  });

  it('parks what the ledger did not take, and serves it when it comes again', async () => {
    const stage = createStage();
    stage.queue();
    const messages = stage.messages();
    stage.spoil('ledger.read', {
      when: 'before',
      fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 },
    });
    expect(await stage.dispatch(messages)).toEqual(messages.map(({ messageId }) => messageId));
    expect(await stage.dispatch(messages)).toEqual([]);
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(1);
  });

  it('asks GitHub before it launches for a message that comes late, as a replayed one does', async () => {
    const stage = createStage();
    const [over, waiting] = stage.queue(2);
    const messages = stage.messages();
    stage.github.cancelJob(over?.jobId ?? '', stage.clock.now());
    await stage.pass(35 * 60_000);
    expect(await stage.dispatch(messages)).toEqual([]);
    const known = new Map(stage.items('job').map((job) => [job.jobId, job]));
    expect(known.get(over?.jobId ?? '')).toMatchObject({
      outcome: 'ignored',
      intent: { reason: 'job-over' },
    });
    expect(known.get(waiting?.jobId ?? '')).toMatchObject({ intent: { step: 'launching', attempt: 1 } });
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(1);
  });

  it('falls back to on-demand where the pool allows it and spot has no capacity', async () => {
    const stage = createStage({ pool: { market: 'spot-then-on-demand' }, exhausted: SPOT });
    stage.queue(2);
    await stage.dispatch(stage.messages());
    expect(stage.ec2.instances(stage.clock.now()).map(({ market }) => market)).toEqual([
      'on-demand',
      'on-demand',
    ]);
    expect(stage.items('pool')).toMatchObject([{ live: 2 }]);
  });

  it('lets jobs wait with their reason when there is no capacity, and the sweep launches when there is', async () => {
    const stage = createStage({ pool: { market: 'spot' }, exhausted: SPOT });
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(stage.items('job')).toMatchObject([{ intent: { step: 'waiting', reason: 'capacity-exhausted' } }]);
    expect(stage.items('pool')).toMatchObject([{ live: 0 }]);
    await stage.pass(200_000);
    await stage.sweep();
    expect(stage.items('job')).toMatchObject([{ intent: { attempt: 2 } }]);
  });

  it('keeps to the ceiling of the pool, oldest jobs first, and says why the others wait', async () => {
    const stage = createStage({ pool: { limits: { ...LIMITS, runnersMax: 2 } } });
    stage.queue(5);
    await stage.dispatch(stage.messages());
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(2);
    const waiting = stage.items('job').filter(({ intent }) => intent.step === 'waiting');
    expect(waiting.map(({ intent }) => intent.reason)).toEqual(['pool-full', 'pool-full', 'pool-full']);
  });

  it.each([
    ['a public repository', { visibility: 'public' as const }, {}, 'repository-public'],
    ['a fork', {}, { headRepository: null }, 'run-from-fork'],
  ])('denies %s before any money is spent', async (_, options, wish, reason) => {
    const stage = createStage(options);
    stage.queue(1, ['x64'], wish);
    await stage.dispatch(stage.messages());
    expect(stage.items('job')).toMatchObject([{ outcome: 'denied', intent: { step: 'none', reason } }]);
    expect(stage.ec2.instances(stage.clock.now())).toEqual([]);
  });

  it('holds a job whose facts cannot be had, and the sweep admits it when they can', async () => {
    const stage = createStage();
    stage.queue();
    stage.spoil('github.run', { when: 'before', fault: { kind: 'busy', code: 'http-502', retryAfterMs: 1 } });
    await stage.dispatch(stage.messages());
    expect(stage.items('job')).toMatchObject([{ intent: { step: 'held', reason: 'fact-unreachable' } }]);
    await stage.pass(15_000);
    await stage.sweep();
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(1);
  });

  it('asks GitHub once per run, however many jobs it has', async () => {
    const stage = createStage();
    stage.queue(20);
    await stage.dispatch(stage.messages());
    expect(stage.github.truth.calls().get('GET /repos/{owner}/{repo}/actions/runs/{run_id}')).toBe(1);
  });

  it('asks GitHub before it launches for a job queued long ago, and ignores one that is over', async () => {
    const stage = createStage();
    const [job] = stage.queue();
    const messages = stage.messages();
    stage.github.cancelJob(job?.jobId ?? '', stage.clock.now());
    await stage.pass(2 * 3_600_000);
    await stage.dispatch(messages);
    expect(stage.items('job')).toMatchObject([{ outcome: 'ignored', intent: { reason: 'job-over' } }]);
    expect(stage.ec2.instances(stage.clock.now())).toEqual([]);
  });

  it('keeps the room of a launch that it could not write as resolved: the sweep asks for it again', async () => {
    const stage = createStage();
    stage.queue();
    stage.spoil('instances.launch', {
      when: 'before',
      fault: { kind: 'busy', code: 'RequestLimitExceeded', retryAfterMs: 1_000 },
    });
    const { write } = stage.ledger;
    stage.world.ledger.write = async (item) =>
      item.kind === 'launch' && item.state === 'resolved'
        ? { ok: false, fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1_000 } }
        : write(item);
    await stage.dispatch(stage.messages());
    expect(stage.items('launch')).toMatchObject([{ state: 'open' }]);
    expect(stage.items('pool')).toMatchObject([{ live: 1 }]);
    expect(stage.items('job')).toMatchObject([{ intent: { step: 'launching' } }]);
  });

  it('holds a job that GitHub still shows behind its approval though it says that it is queued', async () => {
    const stage = createStage();
    const job = { name: 'deploy', labels: ['x64'], environment: 'production' };
    const { clock, github } = stage;
    github.createRun({ repository: 'acme/app', event: 'push', actor: 'ann', jobs: [job] }, clock.now());
    const approved = stage.messages().map(({ messageId, body }) => ({
      messageId,
      body: JSON.stringify({ ...JSON.parse(body), action: 'queued', status: 'queued' }),
    }));
    await stage.pass(2 * 3_600_000);
    await stage.dispatch(approved);
    expect(stage.items('job')).toMatchObject([{ outcome: 'open', intent: { step: 'held' } }]);
    expect(stage.ec2.instances(clock.now())).toEqual([]);
  });

  it('launches nothing while launches are stopped', async () => {
    const stage = createStage();
    const stop = { v: 1 as const, rev: 0, kind: 'stop' as const, name: 'all', stopped: true, at: 0 };
    await stage.ledger.write({ ...stop, reason: 'launches-stopped' });
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(stage.items('job')).toMatchObject([{ intent: { step: 'waiting', reason: 'launches-stopped' } }]);
    expect(stage.ec2.instances(stage.clock.now())).toEqual([]);
  });

  it('stops launching for a pool whose machines never come online, and goes on with single probes', async () => {
    const stage = createStage({ knobs: { failsPendingShare: 1 } });
    stage.queue(3 * NEVER_ONLINE_MAX);
    await stage.dispatch(stage.messages().slice(0, NEVER_ONLINE_MAX));
    await stage.pass(60_000);
    expect(stage.items('pool')).toMatchObject([{ neverOnline: NEVER_ONLINE_MAX, live: 0 }]);
    for (let minute = 0; minute < 30; minute += 1) {
      await stage.sweep();
      await stage.pass(60_000);
    }
    const launched = stage.ec2.instances(stage.clock.now()).length;
    expect(launched).toBeLessThanOrEqual(NEVER_ONLINE_MAX + 4);
    expect(launched).toBeGreaterThan(NEVER_ONLINE_MAX);
    expect(stage.said.some((line) => line.includes('pool-on-hold'))).toBe(true);
  });
});

const LIMITS = { runnersMax: 50, lifetimeMaxMs: 3_600_000, idleMaxMs: 300_000, claimDeadlineMs: 300_000 };
