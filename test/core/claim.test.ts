import { describe, expect, it } from '@jest/globals';
import type { ClaimRequest, IdentityDocument } from '../../lambdas/contracts/claim.ts';
import type { RunnerItem } from '../../lambdas/contracts/ledger.ts';
import {
  CLAIM_ATTEMPTS_MAX,
  judgeHistory,
  judgeRecord,
  judgeStated,
  runnerName,
} from '../../lambdas/core/claim.ts';
import { instanceOfRunnerName } from '../../lambdas/core/job.ts';
import { CLAIM_LEASE_MS, claimSeen, delivered, ended, endWanted, fenced } from '../../lambdas/core/runner.ts';
import { runnerOf, STACK_ID, T0 } from './fixtures.ts';

const document = (change: Partial<IdentityDocument> = {}): IdentityDocument => ({
  accountId: '123456789012',
  architecture: 'x86_64',
  availabilityZone: 'us-east-1a',
  imageId: 'ami-0123456789abcdef0',
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'm7i.large',
  pendingTime: `${new Date(T0).toISOString().slice(0, 19)}Z`,
  privateIp: '10.0.0.5',
  region: 'us-east-1',
  version: '2017-09-30',
  ...change,
});
const request: ClaimRequest = {
  protocolVersion: 1,
  stackId: STACK_ID,
  identity: 'x'.repeat(100),
  boot: '0'.repeat(64),
  agentVersion: '1',
};
const home = { stackId: STACK_ID, accountId: '123456789012', region: 'us-east-1' };
const act = { now: T0 + 10_000, by: 'claim' as const };
const BOOT = 'f'.repeat(64);
const seen = (runner: RunnerItem): RunnerItem => claimSeen(runner, BOOT, T0 + 10_000);
const claimAt = (now: number, change: Partial<IdentityDocument> = {}, bootHash = BOOT) => ({
  document: document(change),
  bootHash,
  now,
});
const inFence = (runner: RunnerItem): RunnerItem =>
  fenced(
    runner,
    {
      fence: 'f1',
      name: runnerName(STACK_ID, runner.instanceId, 'abcd'),
      group: runner.intent.group,
      target: runner.target,
    },
    act,
  );

describe('a claim', () => {
  it.each([
    ['another protocol', { ...request, protocolVersion: 9 }, document(), 'claim-protocol'],
    ['another stack', { ...request, stackId: 'ffffffff' }, document(), 'claim-other-stack'],
    ['another account', request, document({ accountId: '999999999999' }), 'claim-foreign-account'],
    ['another region', request, document({ region: 'eu-west-1' }), 'claim-foreign-account'],
  ])('of %s is refused before any table read', (_, asked, stated, reason) => {
    expect(judgeStated(asked, stated, home)).toEqual({ do: 'refuse', reason });
  });

  it.each([
    ['image', { imageId: 'ami-0fffffffffffffff0' }],
    ['type', { instanceType: 'm7i.24xlarge' }],
    ['zone', { availabilityZone: 'us-east-1f' }],
  ])('whose %s differs from the launch is refused', (_, change) => {
    expect(judgeRecord(runnerOf(), document(change))).toEqual({ do: 'refuse', reason: 'claim-mismatch' });
  });

  it('of an instance that no launch explains, or that ended, is refused', () => {
    expect(judgeRecord(undefined, document())).toEqual({ do: 'refuse', reason: 'claim-unknown-instance' });
    const gone = ended(runnerOf(), { ...act, at: act.now, reason: 'instance-ended' });
    expect(judgeRecord(gone, document())).toEqual({ do: 'refuse', reason: 'claim-ended' });
  });

  it('is judged a bounded number of times per instance', () => {
    const runner = runnerOf();
    const tired = { ...runner, claim: { ...runner.claim, attempts: CLAIM_ATTEMPTS_MAX } };
    expect(judgeRecord(tired, document())).toEqual({ do: 'refuse', reason: 'claim-too-many' });
  });

  it.each([
    ['far too old', T0 + 361_000, {}],
    ['from the future', T0 - 61_000, {}],
    ['from before its launch', T0 + 1_000, { pendingTime: '2020-01-01T00:00:00Z' }],
  ])('%s is stale', (_, now, change) => {
    expect(judgeHistory(runnerOf(), claimAt(now, change))).toEqual({ do: 'refuse', reason: 'claim-stale' });
  });

  it('is judged by its age once: a later try of the same boot is not late', () => {
    expect(judgeHistory(seen(runnerOf()), claimAt(T0 + 3_000_000)).do).toBe('proceed');
  });

  it('with another boot random than the first one is a theft', () => {
    expect(judgeHistory(seen(runnerOf()), claimAt(T0 + 11_000, {}, 'e'.repeat(64)))).toEqual({
      do: 'refuse',
      reason: 'claim-other-boot',
    });
  });

  it('waits while another one of the same boot is being answered, and goes on when that lease ran out', () => {
    const runner = inFence(seen(runnerOf()));
    expect(judgeHistory(runner, claimAt(act.now + 1)).do).toBe('later');
    expect(judgeHistory(runner, claimAt(act.now + CLAIM_LEASE_MS)).do).toBe('proceed');
  });

  it('after delivery is a retry while the lease lives, and then a lost answer that is never made good', () => {
    const runner = delivered(inFence(seen(runnerOf())), 'hash', act);
    expect(judgeHistory(runner, claimAt(act.now + 1)).do).toBe('later');
    expect(judgeHistory(runner, claimAt(act.now + CLAIM_LEASE_MS))).toEqual({
      do: 'refuse',
      reason: 'claim-lost-answer',
      lost: true,
    });
  });

  it('of an instance that is to end is told to go', () => {
    const runner = endWanted(seen(runnerOf()), { ...act, reason: 'not-needed' });
    expect(judgeHistory(runner, claimAt(act.now))).toEqual({ do: 'gone' });
  });
});

describe('a fence', () => {
  it('dooms every name that an earlier claim asked for and did not deliver', () => {
    const twice = inFence(inFence(seen(runnerOf())));
    expect(twice.registrations.map(({ state }) => state)).toEqual(['doomed', 'asked']);
  });

  it('writes a name that tells whose it is', () => {
    const name = runnerName(STACK_ID, 'i-0123456789abcdef0', 'abcd');
    expect(name.length).toBeLessThanOrEqual(64);
    expect(instanceOfRunnerName(name, STACK_ID)).toBe('i-0123456789abcdef0');
  });
});
