import { describe, expect, it, jest } from '@jest/globals';
import { TAG } from '../../../lambdas/contracts/tags.ts';
import { type Call, killCallerAfter, killCallerBefore } from '../../../local/aws/faults.ts';
import {
  aroundMint,
  at,
  counted,
  idOf,
  instanceOf,
  isQuiet,
  logged,
  STAGE_TEST_MS,
  type Stage,
  until,
  withStage,
} from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);

/** Every job done, nothing left, and the planned deaths truly died. */
async function survived(stage: Stage): Promise<void> {
  await until(stage, 'every job is over and nothing is left', () => isQuiet(stage));
  expect(stage.stack.faults.left()).toBe(0);
  expect(stage.snapshot().jobs.map(({ state }) => state)).toEqual(stage.snapshot().jobs.map(() => 'done'));
  expectSingleUse(stage);
}

/** A registration is used at most once, an instance gets one that works, and claim says the same. */
function expectSingleUse(stage: Stage): void {
  const issued = stage.issued();
  for (const { sessions, conflicts } of issued) expect([sessions <= 1, conflicts]).toEqual([true, 0]);
  const used = issued.filter(({ sessions }) => sessions > 0).map(instanceOf);
  expect(used).toHaveLength(new Set(used).size);
  const granted = logged(stage, 'claim-granted').map(({ instanceId }) => instanceId);
  expect(granted).toHaveLength(new Set(granted).size);
  expect(counted(stage, 'SecondDelivery')).toBe(0);
}

/** Machines that EC2 gave under each ticket, beside the number that the launch asked for. */
async function launches(stage: Stage): Promise<readonly { given: number; asked: number | undefined }[]> {
  const instances = stage.region.model.instances(stage.clock.now());
  const byTicket = Map.groupBy(instances, ({ tags }) => tags.get(TAG.ticket) ?? '');
  return Promise.all(
    [...byTicket].map(async ([ticket, { length: given }]) => {
      const launch = await stage.ledger.read('launch', ticket);
      return { given, asked: launch.ok ? launch.value?.units.length : undefined };
    }),
  );
}

/**
 * No ticket gave more or fewer machines than it asked for, and each job was run once. (A sweep may launch one more, under
 * another ticket, while a job that runs already still counts as queued: that machine goes unused.)
 */
async function expectOneMachinePerJob(stage: Stage): Promise<void> {
  const all = await launches(stage);
  expect(all).toEqual(all.map(({ asked }) => ({ given: asked, asked })));
  const ran = stage.issued().flatMap(({ jobId }) => jobId ?? []);
  expect(ran.toSorted()).toEqual(stage.snapshot().jobs.map(({ jobId }) => jobId));
}

describe('a dispatch that dies', () => {
  it('after CreateFleet took effect strands no machine: the sweep adopts them by their ticket', async () => {
    await withStage({}, async (stage) => {
      stage.stack.faults.before('ec2', 'CreateFleet', killCallerAfter);
      stage.queue({}, {}, {});
      await survived(stage);
      await expectOneMachinePerJob(stage);
      expect(counted(stage, 'LaunchRepeated')).toBe(0);
    });
  });

  it('after CreateFleet took effect launches nothing twice, even while no list shows the machines yet', async () => {
    const unindexedMs = { minMs: 150_000, maxMs: 150_000 };
    await withStage({ knobs: { unindexedMs } }, async (stage) => {
      stage.stack.faults.before('ec2', 'CreateFleet', killCallerAfter);
      stage.queue({});
      await survived(stage);
      await expectOneMachinePerJob(stage);
      expect(counted(stage, 'LaunchRepeated')).toBeGreaterThan(0);
    });
  });

  it('before CreateFleet reached EC2 loses no job: its frozen request is sent again', async () => {
    await withStage({}, async (stage) => {
      stage.stack.faults.before('ec2', 'CreateFleet', killCallerBefore);
      stage.queue({});
      await survived(stage);
      await expectOneMachinePerJob(stage);
      expect(counted(stage, 'LaunchRepeated')).toBeGreaterThan(0);
    });
  });
});

/** The first registration was never used and is deleted; one other ran the job. */
function expectReplaced(stage: Stage, jobId: string | undefined) {
  const [lost, ...others] = stage.issued();
  const [used, ...more] = others.filter((one) => one.jobId !== null);
  if (lost === undefined || used === undefined) throw new Error('want two registrations');
  expect(lost).toMatchObject({ sessions: 0, jobId: null, removedBy: 'delete' });
  expect(used).toMatchObject({ sessions: 1, jobId, removedBy: 'job' });
  expect(more).toEqual([]);
  return { lost, used };
}

describe('a claim that dies', () => {
  it('between the mint and its answer has its lost registration deleted and the job still served, once', async () => {
    const world: { stage?: Stage } = {};
    const kills: number[] = [];
    const overGitHub = aroundMint((mint) => {
      const answer = mint();
      if (kills.length === 0 && world.stage !== undefined)
        kills.push(world.stage.stack.kill(idOf(world.stage, 'Claim')));
      return answer;
    });
    await withStage({ overGitHub }, async (stage) => {
      world.stage = stage;
      const [jobId] = stage.queue({});
      await survived(stage);
      expect(kills).toEqual([1]);
      expectReplaced(stage, jobId);
    });
  });

  it('before it wrote down what it minted has that registration deleted, although nobody knows its id', async () => {
    await withStage({}, async (stage) => {
      stage.stack.faults.before('dynamodb', 'PutItem', killCallerBefore, { when: writesRegistration });
      const [jobId] = stage.queue({});
      await survived(stage);
      expectReplaced(stage, jobId);
    });
  });

  it('with its delivery written and its answer unsent never delivers again: another instance serves the job', async () => {
    await withStage({}, async (stage) => {
      stage.stack.faults.before('dynamodb', 'PutItem', killCallerAfter, { when: writesDelivery });
      const [jobId] = stage.queue({});
      await survived(stage);
      const { lost, used } = expectReplaced(stage, jobId);
      const [first = '', second] = [lost, used].map(instanceOf);
      expect(second).not.toBe(first);
      expect(await stage.ledger.read('runner', first)).toMatchObject({
        value: { intent: { end: 'claim-lost-answer' }, job: null },
      });
    });
  });
});

const item = ({ parameters }: Call) => at(parameters, 'Item', 'item', 'M');
const writesDelivery = (call: Call): boolean =>
  at(item(call), 'claim', 'M', 'deliveredAt', 'N') !== undefined;
const writesRegistration = (call: Call): boolean =>
  JSON.stringify(at(item(call), 'registrations') ?? null).includes('"state":{"S":"registered"}');
