import { describe, expect, it } from '@jest/globals';
import { CLAIM_BYTES_MAX, type ClaimGranted } from '../../lambdas/contracts/claim.ts';
import { answerClaim } from '../../lambdas/flow/answer-claim.ts';
import { createStage, type Stage, type StageOptions } from './stage.ts';

/** A stage on which `count` jobs were launched for and EC2 has booted the machines. */
async function booted(count = 1, options: StageOptions = {}) {
  const stage = createStage(options);
  stage.queue(count);
  await stage.dispatch(stage.messages());
  await stage.pass(10_000);
  const ids = stage.items('runner').map(({ instanceId }) => instanceId);
  return { stage, ids, id: ids[0] ?? '' };
}

const issued = (stage: Stage) => stage.github.truth.issued(stage.clock.now());
const live = (stage: Stage) => stage.github.truth.registrations(stage.clock.now());

describe('a claim', () => {
  it('delivers one registration to the instance it was minted for, with its rules and a token of its own', async () => {
    const { stage, id } = await booted();
    const answer = await stage.claim(id);
    expect(answer).toMatchObject({
      statusCode: 200,
      body: { rules: { graceMs: 30_000 }, guardUrl: 'https://guard.invalid/' },
    });
    expect(issued(stage)).toMatchObject([{ labels: ['linux', 'self-hosted', 'x64'] }]);
    expect(stage.items('runner')).toMatchObject([
      { rank: 'claimed', registrations: [{ state: 'registered' }] },
    ]);
  });

  it('keeps neither the registration nor the token in the ledger or the log', async () => {
    const { stage, id } = await booted();
    const { body } = await stage.claim(id);
    const granted = body as ClaimGranted;
    const kept = JSON.stringify([stage.ledger.items(), stage.said]);
    for (const secret of [granted.reportToken, ...Object.values(granted.jit)])
      expect(kept).not.toContain(secret);
  });

  it('is delivered exactly once out of a hundred identical ones at the same time', async () => {
    const { stage, id } = await booted();
    const answers = await Promise.all(Array.from({ length: 100 }, () => stage.claim(id)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(issued(stage)).toHaveLength(1);
    expect(live(stage)).toHaveLength(1);
  });

  it('waits for the endpoint to be closed before anything leaves, where a job can become root', async () => {
    const { stage, id } = await booted(1, { pool: { hardening: 'compatible' } });
    expect((await stage.claim(id)).statusCode).toBe(200);
    expect(stage.ec2.isMetadataReachable(id, stage.clock.now())).toBe(false);
  });

  it('delivers nothing while the endpoint stays open there, and dooms what was minted', async () => {
    const { stage, id } = await booted(1, {
      pool: { hardening: 'strict' },
      knobs: { metadataStuckShare: 1 },
    });
    expect((await stage.claim(id)).statusCode).toBe(429);
    expect(stage.items('runner')).toMatchObject([{ rank: 'launched', registrations: [{ state: 'doomed' }] }]);
  });

  it.each([
    ['forged', (text: string) => `forged${text}`, {}],
    ['of another account', (text: string) => text.replace('111122223333', '999999999999'), {}],
    ['of an unknown instance', (text: string) => text.replace(/i-[0-9a-f]{17}/, 'i-00000000000000000'), {}],
    [
      'of another image',
      (text: string) => text.replace('ami-0123456789abcdef0', 'ami-0fffffffffffffff0'),
      {},
    ],
    ['for another stack', (text: string) => text, { stackId: 'ffffffff' }],
    ['in an unknown protocol', (text: string) => text, { protocolVersion: 99 }],
    ['with a short random', (text: string) => text, { boot: 'b' }],
  ])('that is %s gets one constant refusal, and nothing is minted', async (_, change, rest) => {
    const { stage, id } = await booted();
    const answer = await stage.claim(id, { identity: change(stage.ec2.identityDocument(id)), ...rest });
    expect(answer).toEqual({ statusCode: 403, body: { refused: true } });
    expect(issued(stage)).toEqual([]);
    expect(stage.counts.filter(({ metric }) => metric === 'ClaimRefused')).toHaveLength(1);
  });

  it('that is too large or no JSON is refused before anything is looked up', async () => {
    const { stage } = await booted();
    for (const body of [new Uint8Array(CLAIM_BYTES_MAX + 1), Buffer.from('{'), Buffer.from('[]')]) {
      expect(await answerClaim({ body }, stage.claimPorts)).toMatchObject({ statusCode: 403 });
    }
  });

  it('that comes first long after the launch is stale', async () => {
    const { stage, id } = await booted();
    stage.clock.advance(400_000);
    expect((await stage.claim(id)).statusCode).toBe(403);
  });

  it('repeated after delivery is never answered again: the registration is deleted and the instance ended', async () => {
    const { stage, id } = await booted();
    await stage.claim(id);
    expect((await stage.claim(id)).statusCode).toBe(429);
    stage.clock.advance(31_000);
    expect((await stage.claim(id)).statusCode).toBe(403);
    await stage.pass(61_000);
    await stage.sweep();
    await stage.pass(30_000);
    expect(live(stage)).toEqual([]);
    expect(stage.ec2.instance(id)?.state).toBe('terminated');
  });

  it('with another boot random is refused as a theft and leaves the rightful delivery alone', async () => {
    const { stage, id } = await booted();
    await stage.claim(id);
    expect((await stage.claim(id, { boot: 'c'.repeat(64) })).statusCode).toBe(403);
    expect(stage.said.some((line) => line.includes('claim-other-boot'))).toBe(true);
    expect(live(stage)).toHaveLength(1);
  });

  it('under a name whose mint had no answer takes a fresh name, and the first one is deleted', async () => {
    const { stage, id } = await booted();
    stage.spoil('github.mint', { when: 'after', fault: { kind: 'unsure', code: 'timeout' } });
    expect((await stage.claim(id)).statusCode).toBe(429);
    stage.clock.advance(5_000);
    expect((await stage.claim(id)).statusCode).toBe(200);
    expect(live(stage)).toHaveLength(2);
    await stage.pass(70_000);
    await stage.sweep();
    expect(live(stage).map(({ name }) => name)).toEqual([issued(stage)[1]?.name]);
  });

  it('pauses every function for as long as GitHub asks', async () => {
    const { stage, ids } = await booted(2);
    stage.spoil('github.mint', {
      when: 'before',
      fault: { kind: 'busy', code: 'secondary-limit', retryAfterMs: 60_000 },
    });
    expect(await stage.claim(ids[0] ?? '')).toMatchObject({
      statusCode: 429,
      body: { retryAfterMs: 60_000 },
    });
    expect((await stage.claim(ids[1] ?? '')).statusCode).toBe(429);
    expect(issued(stage)).toEqual([]);
    stage.clock.advance(60_000);
    expect((await stage.claim(ids[1] ?? '')).statusCode).toBe(200);
  });

  it('that GitHub refuses for good ends the instance and holds the pool, instead of burning money', async () => {
    const { stage, id } = await booted(1, { pool: { runnerGroupId: 99 } });
    expect((await stage.claim(id)).statusCode).toBe(410);
    expect(stage.items('pool')).toMatchObject([{ heldReason: 'registration-refused' }]);
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(stage.items('job').map(({ intent }) => intent.reason)).toContain('registration-refused');
  });

  it('of an instance that nobody needs any more is told to wait once, and then to go', async () => {
    const { stage, id } = await booted();
    stage.github.cancelJob(stage.items('job')[0]?.jobId ?? '', stage.clock.now());
    await stage.dispatch(stage.messages());
    expect((await stage.claim(id)).statusCode).toBe(429);
    expect((await stage.claim(id)).statusCode).toBe(410);
    expect(issued(stage)).toEqual([]);
  });

  it('switches to a starving group of the same shape', async () => {
    const { stage, id } = await booted();
    stage.github.cancelJob(stage.items('job')[0]?.jobId ?? '', stage.clock.now());
    stage.queue(1, ['x64']);
    stage.spoil('instances.launch', {
      when: 'before',
      fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 },
    });
    await stage.dispatch(stage.messages());
    expect((await stage.claim(id)).statusCode).toBe(200);
    expect(issued(stage)).toMatchObject([{ labels: ['x64'] }]);
  });

  it('is asked to come again when the ledger is not to be had', async () => {
    const { stage, id } = await booted();
    stage.spoil('ledger.read', {
      when: 'before',
      fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 },
    });
    expect((await stage.claim(id)).statusCode).toBe(429);
  });
});
