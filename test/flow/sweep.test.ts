import { describe, expect, it } from '@jest/globals';
import { observeInstances } from '../../lambdas/flow/observe-instances.ts';
import { removeStack } from '../../lambdas/flow/remove-stack.ts';
import { sweep } from '../../lambdas/flow/sweep/sweep.ts';
import { STACK_ID } from '../core/fixtures.ts';
import { createStage, type Stage } from './stage.ts';

const lost = { when: 'after', fault: { kind: 'unsure', code: 'timeout' } } as const;
const living = (stage: Stage) =>
  stage.ec2.instances(stage.clock.now()).filter(({ state }) => state === 'pending' || state === 'running');

describe('the sweep', () => {
  it('finds the instances of a launch whose answer was lost, and launches no others', async () => {
    const stage = createStage();
    stage.queue(3);
    stage.spoil('instances.launch', lost);
    await stage.dispatch(stage.messages());
    expect(stage.items('runner')).toEqual([]);
    await stage.pass(61_000);
    await stage.sweep();
    expect(stage.items('runner').map(({ timeline }) => timeline.entries[0]?.reason)).toEqual([
      'adopted',
      'adopted',
      'adopted',
    ]);
    expect(stage.ec2.instances(stage.clock.now())).toHaveLength(3);
  });

  it('replays a launch that never reached EC2, verbatim, and no job is lost', async () => {
    const stage = createStage();
    stage.queue(2);
    stage.spoil('instances.launch', { when: 'before', fault: { kind: 'unsure', code: 'timeout' } });
    await stage.dispatch(stage.messages());
    await stage.pass(61_000);
    await stage.sweep();
    expect(stage.items('launch')).toMatchObject([{ state: 'resolved', replays: 1 }]);
    expect(living(stage)).toHaveLength(2);
  });

  it('leaves the room of a launch taken that it replays itself: its instances are younger than the list', async () => {
    const stage = createStage();
    stage.queue(2);
    stage.spoil('instances.launch', { when: 'before', fault: { kind: 'unsure', code: 'timeout' } });
    await stage.dispatch(stage.messages());
    await stage.pass(5 * 60_000);
    await stage.sweep();
    expect(living(stage)).toHaveLength(2);
    expect(stage.items('pool')).toMatchObject([{ live: 2 }]);
  });

  it('launches anew for a job whose launch was never frozen, and voids the old ticket first', async () => {
    const stage = createStage();
    stage.queue();
    // The run, its pools, then the job's two writes, the budgets and the pool: the launch item is the ninth write.
    const writes = Array.from({ length: 8 }, () => undefined);
    stage.spoil('ledger.write', ...writes, {
      when: 'before',
      fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 },
    });
    await stage.dispatch(stage.messages());
    expect(stage.items('launch')).toEqual([]);
    expect(stage.items('job')).toMatchObject([{ intent: { step: 'launching', attempt: 1 } }]);
    await stage.pass(100_000);
    await stage.sweep();
    expect(
      stage
        .items('launch')
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['resolved', 'void']);
    expect(living(stage)).toHaveLength(1);
  });

  it('ends an instance of ours that nothing explains, and never touches one of another stack', async () => {
    const stage = createStage();
    stage.queue();
    await stage.dispatch(stage.messages());
    const request = stage.items('launch')[0]?.request;
    if (request == null) throw new Error('nothing was launched');
    const strange = { ...request, ticket: `mf-${'s'.repeat(26)}`, count: 1 };
    const tags = { ...strange.tags, 'mayfly:ticket': strange.ticket };
    await stage.world.instances.launch({ ...strange, tags });
    const foreign = {
      ...strange,
      ticket: `mf-${'f'.repeat(26)}`,
      tags: { ...tags, 'mayfly:stack': 'ffffffff' },
    };
    await stage.world.instances.launch(foreign);
    await stage.pass(31_000);
    await stage.sweep();
    await stage.pass(60_000);
    const left = living(stage).map(({ tags: own }) => [own.get('mayfly:stack'), own.get('mayfly:ticket')]);
    expect(left).toEqual([
      [STACK_ID, request.ticket],
      ['ffffffff', strange.ticket],
    ]);
  });

  it('decides nothing from a list that is not complete', async () => {
    const stage = createStage();
    stage.queue();
    await stage.dispatch(stage.messages());
    stage.spoil('instances.list', {
      when: 'before',
      fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 },
    });
    await stage.pass(4_000_000);
    expect(await stage.sweep()).toMatchObject({ ran: true, complete: false });
    expect(living(stage)).toHaveLength(1);
    await stage.sweep();
    await stage.pass(60_000);
    expect(living(stage)).toEqual([]);
  });

  it('ends a machine that never claims, and its job gets another', async () => {
    const stage = createStage({ knobs: { neverBootsShare: 1 } });
    stage.queue();
    await stage.dispatch(stage.messages());
    await stage.pass(301_000);
    await stage.sweep();
    await stage.pass(60_000);
    await stage.sweep();
    expect(stage.items('job')).toMatchObject([{ intent: { attempt: 2 } }]);
    expect(stage.items('pool')).toMatchObject([{ neverOnline: 1, live: 1 }]);
  });

  it('spares a machine that claims while the sweep decides: the item is judged anew right before the end', async () => {
    const stage = createStage();
    stage.queue();
    await stage.dispatch(stage.messages());
    const id = stage.items('runner')[0]?.instanceId ?? '';
    await stage.pass(299_000);
    const list = stage.world.instances.list;
    const racing = {
      ...stage.world,
      instances: {
        ...stage.world.instances,
        list: async (stackId: string) => {
          const listed = await list(stackId);
          expect((await stage.claim(id)).statusCode).toBe(200);
          stage.clock.advance(2_000);
          return listed;
        },
      },
    };
    await sweep(racing);
    await stage.pass(60_000);
    expect(living(stage)).toHaveLength(1);
  });

  it('runs once at a time, and a dead one does not stop the next for longer than its lease', async () => {
    const stage = createStage();
    const both = await Promise.all([stage.sweep(), stage.sweep()]);
    expect(both.map(({ ran }) => ran).sort()).toEqual([false, true]);
    await stage.ledger.write({
      v: 1,
      rev: 3,
      kind: 'sweep',
      name: 'lease',
      fence: 'dead',
      leaseUntil: stage.clock.now() + 60_000,
    });
    await stage.ledger.write({
      v: 1,
      rev: 2,
      kind: 'sweep',
      name: 'lease',
      fence: 'dead',
      leaseUntil: stage.clock.now() + 60_000,
    });
    expect((await stage.sweep()).ran).toBe(false);
    stage.clock.advance(60_001);
    expect((await stage.sweep()).ran).toBe(true);
  });

  it('corrects the count of a pool that a crash left too high, once EC2 shows everything', async () => {
    const stage = createStage();
    stage.queue();
    await stage.dispatch(stage.messages());
    const [pool] = stage.items('pool');
    if (pool === undefined) throw new Error('the pool has no item');
    await stage.ledger.write({ ...pool, live: 30 });
    await stage.pass(60_000);
    await stage.sweep();
    expect(stage.items('pool')).toMatchObject([{ live: 30 }]);
    await stage.pass(120_000);
    await stage.sweep();
    expect(stage.items('pool')).toMatchObject([{ live: 1 }]);
  });
});

describe('observe', () => {
  it('drops events of instances that are not ours and parks what it cannot read', async () => {
    const stage = createStage();
    const state = { 'instance-id': 'i-0fffffffffffffff0', state: 'terminated' };
    const foreign = {
      'detail-type': 'EC2 Instance State-change Notification',
      time: '2026-11-02T12:00:00Z',
      detail: state,
    };
    const parked = await observeInstances(
      [
        { messageId: 'foreign', body: JSON.stringify(foreign) },
        { messageId: 'broken', body: '{' },
      ],
      stage.world,
    );
    expect([parked, stage.items('runner')]).toEqual([['broken'], []]);
  });

  it('lets the job of a machine that died before it claimed wait again at once', async () => {
    const stage = createStage({ knobs: { failsPendingShare: 1 } });
    stage.queue();
    await stage.dispatch(stage.messages());
    await stage.pass(60_000);
    expect(stage.items('runner')).toMatchObject([{ rank: 'ended' }]);
    expect(stage.items('job')).toMatchObject([
      { intent: { step: 'waiting', reason: 'runner-never-claimed' } },
    ]);
  });

  it('writes a spot notice down, for the machine to be told at its next heartbeat', async () => {
    const stage = createStage({ pool: { market: 'spot' } });
    stage.queue();
    await stage.dispatch(stage.messages());
    await stage.pass(10_000);
    stage.ec2.interrupt(stage.items('runner')[0]?.instanceId ?? '', stage.clock.now());
    await stage.pass(1_000);
    expect(stage.items('runner')).toMatchObject([{ notice: { reason: 'spot-interruption' } }]);
  });
});

describe('removal of the stack', () => {
  it('stops launches, ends every instance and deletes its registration', async () => {
    const stage = createStage();
    stage.queue(3);
    await stage.dispatch(stage.messages());
    await stage.pass(10_000);
    await stage.claim(stage.items('runner')[0]?.instanceId ?? '');
    expect(await removeStack({ ...stage.world, stackId: STACK_ID })).toEqual({
      instancesLeft: 0,
      registrationsLeft: 0,
    });
    expect(stage.github.truth.registrations(stage.clock.now())).toEqual([]);
    stage.queue();
    await stage.dispatch(stage.messages());
    expect(living(stage)).toEqual([]);
  });

  it('is bounded in time and says what is left when EC2 does not answer', async () => {
    const stage = createStage();
    const busy = { when: 'before', fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 } } as const;
    stage.spoil('instances.list', ...Array.from({ length: 500 }, () => busy));
    const from = stage.clock.now();
    expect(await removeStack({ ...stage.world, stackId: STACK_ID })).toMatchObject({ instancesLeft: -1 });
    expect(stage.clock.now() - from).toBeLessThan(10 * 60_000);
  });
});
