import { describe, expect, it } from '@jest/globals';
import { isSame } from '../../lambdas/adapters/webhook-signature.ts';
import type { ClaimGranted } from '../../lambdas/contracts/claim.ts';
import { type ReportPorts, takeReport } from '../../lambdas/flow/take-report.ts';
import { readJitConfig } from '../../local/github/jit.ts';
import { createStage, type StageOptions } from './stage.ts';

/** A runner that claimed and is connected to GitHub, and what it may say of itself. */
async function online(options: StageOptions = {}) {
  const stage = createStage(options);
  stage.queue();
  await stage.dispatch(stage.messages());
  await stage.pass(10_000);
  const id = stage.items('runner')[0]?.instanceId ?? '';
  const granted = (await stage.claim(id)).body as ClaimGranted;
  const ports: ReportPorts = { ...stage.world, isSame };
  const say = (report: object, token = granted.reportToken) =>
    takeReport(
      {
        body: Buffer.from(JSON.stringify({ protocolVersion: 1, instanceId: id, ...report })),
        authorization: `Bearer ${token}`,
      },
      ports,
    );
  const phase = (name: string) => say({ kind: 'phase', phase: name, at: stage.clock.now() });
  return { stage, id, granted, say, phase };
}

const heartbeat = (workerAlive: boolean) => ({ kind: 'heartbeat', workerAlive });

describe('a report', () => {
  it('is taken only with the token of this very runner', async () => {
    const { say } = await online();
    expect((await say(heartbeat(false), 'x'.repeat(43))).statusCode).toBe(403);
    expect((await say({ ...heartbeat(false), instanceId: 'i-00000000000000000' })).statusCode).toBe(403);
    expect((await say(heartbeat(false))).statusCode).toBe(200);
  });

  it('that is malformed or in an unknown protocol is refused like a wrong token', async () => {
    const { say } = await online();
    const refused = { statusCode: 403, body: { refused: true } };
    expect(await say({ kind: 'heartbeat' })).toEqual(refused);
    expect(await say({ ...heartbeat(false), protocolVersion: 99 })).toEqual(refused);
  });

  it('moves the runner forward, and the first machine that comes online closes the breaker of its pool', async () => {
    const { stage, phase } = await online();
    const [pool] = stage.items('pool');
    if (pool === undefined) throw new Error('the pool has no item');
    await stage.ledger.write({ ...pool, neverOnline: 4 });
    await phase('online');
    expect(stage.items('runner')).toMatchObject([{ rank: 'online' }]);
    expect(stage.items('pool')).toMatchObject([{ neverOnline: 0 }]);
    await phase('job-start');
    expect(stage.items('runner')).toMatchObject([{ rank: 'busy' }]);
    await phase('online');
    expect(stage.items('runner')).toMatchObject([{ rank: 'busy' }]);
  });

  it('is told to stop for a spot notice while it is idle, and never while its job runs', async () => {
    const { stage, id, say, phase } = await online({ pool: { market: 'spot' } });
    stage.ec2.interrupt(id, stage.clock.now());
    await stage.pass(1_000);
    expect((await say(heartbeat(false))).body).toEqual({ answer: 'stop', why: 'spot-interruption' });
    expect((await say(heartbeat(true))).body).toEqual({ answer: 'carry-on' });
    await phase('job-start');
    expect((await say(heartbeat(false))).body).toEqual({ answer: 'carry-on' });
  });

  it('that asks to go idle has its registration deleted before it is told so', async () => {
    const { stage, say } = await online();
    expect((await say({ kind: 'idle' })).body).toEqual({ answer: 'deregistered' });
    expect(stage.github.truth.registrations(stage.clock.now())).toEqual([]);
  });

  it('that asks to go idle while GitHub gives it a job is told that the job is coming', async () => {
    const { stage, granted, say } = await online();
    const encoded = Buffer.from(JSON.stringify(granted.jit)).toString('base64');
    const now = stage.clock.now();
    const connected = stage.github.connect({ ...readJitConfig(encoded), version: '2.336.0' }, now);
    if (connected.kind !== 'session') throw new Error(`the runner could not connect: ${connected.kind}`);
    const message = stage.github.poll(connected.sessionId, now + 1_000);
    if (message.kind !== 'job') throw new Error(`the runner got no job: ${message.kind}`);
    stage.github.acquire({ sessionId: connected.sessionId, jobId: message.jobId }, now + 1_000);
    stage.clock.advance(2_000);
    expect((await say({ kind: 'idle' })).body).toEqual({ answer: 'job-coming' });
  });

  it('that a job started after all takes the idling back: nothing ends the machine under it', async () => {
    const { stage, id, say, phase } = await online();
    await say({ kind: 'idle' });
    await phase('job-start');
    await stage.pass(400_000);
    await stage.sweep();
    await stage.pass(60_000);
    expect(stage.ec2.instance(id)?.state).toBe('running');
  });

  it('with its last words lets the sweep end a machine that does not power off by itself', async () => {
    const { stage, id, say } = await online();
    const last = {
      kind: 'final',
      verdict: 'ran',
      exitCode: 0,
      jobStartedAt: null,
      jobEndedAt: null,
      note: '',
    };
    await say(last);
    expect(stage.items('runner')).toMatchObject([{ verdict: 'ran', at: { finished: stage.clock.now() } }]);
    await stage.pass(200_000);
    await stage.sweep();
    await stage.pass(60_000);
    expect(stage.ec2.instance(id)?.state).toBe('terminated');
  });
});
