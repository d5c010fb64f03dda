import { describe, expect, it } from '@jest/globals';
import { enteredAt, usdOf } from '../../../local/ec2/instance.ts';
import type { Ec2Model } from '../../../local/ec2/model.ts';
import {
  ACCOUNT,
  idsOf,
  launch,
  launchOne,
  REGION,
  successOf,
  T0,
  TEMPLATE_DATA,
  USER_DATA,
  world,
} from './ec2-world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const statesIn = (model: Ec2Model, now: number) =>
  model.advance(now).events.map((event) => event.detail.state ?? event['detail-type']);

describe('the life of an instance', () => {
  it('is told in events of exactly the shape that EventBridge delivers', () => {
    const test = world();
    const id = launchOne(test);
    const { events } = test.model.advance(T0 + 5 * SECOND);
    expect(events).toEqual([
      expect.objectContaining({
        time: '2026-11-23T12:00:00Z',
        detail: { 'instance-id': id, state: 'pending' },
      }),
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        'detail-type': 'EC2 Instance State-change Notification',
        source: 'aws.ec2',
        account: ACCOUNT,
        time: '2026-11-23T12:00:05Z',
        region: REGION,
        resources: [`arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${id}`],
        detail: { 'instance-id': id, state: 'running' },
      },
    ]);
  });

  it('asks the driver to boot it when it runs, and hands out each event once', () => {
    const test = world();
    const id = launchOne(test);
    expect(test.model.nextEventAt()).toBe(T0);
    expect(test.model.advance(T0).notices).toEqual([]);
    expect(test.model.nextEventAt()).toBe(T0 + 5 * SECOND);
    expect(test.model.advance(T0 + MINUTE).notices).toEqual([
      { kind: 'instance-running', at: T0 + 5 * SECOND, instanceId: id, userData: USER_DATA },
    ]);
    expect(test.model.advance(T0 + MINUTE)).toEqual({ events: [], notices: [] });
    expect(test.model.nextEventAt()).toBeUndefined();
  });

  it('ends by TerminateInstances, slowly with the operating system and quickly without', () => {
    for (const [SkipOsShutdown, endsMs] of [[false, 20 * SECOND] as const, [true, 3 * SECOND] as const]) {
      const test = world();
      const id = launchOne(test);
      test.model.advance(T0 + MINUTE);
      const answer = successOf(
        test.model.terminateInstances({ InstanceIds: [id], SkipOsShutdown }, T0 + MINUTE),
      );
      expect(answer.TerminatingInstances).toEqual([
        {
          InstanceId: id,
          PreviousState: { Code: 16, Name: 'running' },
          CurrentState: { Code: 32, Name: 'shutting-down' },
        },
      ]);
      expect(statesIn(test.model, T0 + MINUTE + endsMs - 1)).toEqual(['shutting-down']);
      expect(statesIn(test.model, T0 + MINUTE + endsMs)).toEqual(['terminated']);
    }
  });

  it('ends sooner when it is asked again without its operating system, and tells the driver once each', () => {
    const test = world();
    const id = launchOne(test);
    test.model.advance(T0 + MINUTE);
    const end = (SkipOsShutdown: boolean) =>
      successOf(test.model.terminateInstances({ InstanceIds: [id], SkipOsShutdown }, T0 + MINUTE));
    for (const abrupt of [false, false, true, true, false]) end(abrupt);
    const { events, notices } = test.model.advance(T0 + 2 * MINUTE);
    expect(events.map((event) => event.detail.state)).toEqual(['shutting-down', 'terminated']);
    expect(notices).toEqual([
      { kind: 'instance-ending', at: T0 + MINUTE, instanceId: id, abrupt: false },
      { kind: 'instance-ending', at: T0 + MINUTE, instanceId: id, abrupt: true },
      { kind: 'instance-gone', at: T0 + MINUTE + 3 * SECOND, instanceId: id },
    ]);
  });

  it('ends by its own power-off, as the shutdown behaviour of its template says', () => {
    const test = world();
    const id = launchOne(test);
    test.model.advance(T0 + MINUTE);
    test.model.powerOff(id, T0 + MINUTE);
    expect(statesIn(test.model, T0 + 2 * MINUTE)).toEqual(['shutting-down', 'terminated']);
    expect(test.model.instance(id)?.why?.code).toBe('Client.InstanceInitiatedShutdown');

    const { InstanceInitiatedShutdownBehavior: _terminate, ...stopping } = TEMPLATE_DATA;
    test.model.putLaunchTemplate('pool', stopping, T0);
    const other = launchOne(test, { version: '2' }, T0 + 2 * MINUTE);
    test.model.advance(T0 + 3 * MINUTE);
    test.model.powerOff(other, T0 + 3 * MINUTE);
    expect(statesIn(test.model, T0 + 4 * MINUTE)).toEqual(['stopping', 'stopped']);
  });

  it('is gone sooner once its operating system went down, as it was told to', () => {
    const test = world();
    const id = launchOne(test);
    test.model.advance(T0 + MINUTE);
    successOf(test.model.terminateInstances({ InstanceIds: [id] }, T0 + MINUTE));
    test.model.powerOff(id, T0 + MINUTE + SECOND);
    expect(statesIn(test.model, T0 + MINUTE + 4 * SECOND)).toEqual(['shutting-down', 'terminated']);
    expect(test.model.instance(id)?.why?.code).toBe('Client.UserInitiatedShutdown');
  });

  it('frees its quota once, however it goes from stopped to terminated', () => {
    const test = world({ vcpusMax: { spot: 0, 'on-demand': 2 } });
    test.model.putLaunchTemplate('pool', { ...TEMPLATE_DATA, InstanceInitiatedShutdownBehavior: 'stop' }, T0);
    const id = launchOne(test, { version: '2' });
    test.model.advance(T0 + MINUTE);
    test.model.powerOff(id, T0 + MINUTE);
    successOf(test.model.terminateInstances({ InstanceIds: [id] }, T0 + 2 * MINUTE));
    expect(idsOf(launch(test, { count: 2 }, T0 + 3 * MINUTE))).toHaveLength(1);
  });

  it('may go from pending to terminated, with a reason, and is never booted', () => {
    const test = world({ knobs: { failsPendingShare: 1 } });
    const id = launchOne(test);
    const { events, notices } = test.model.advance(T0 + MINUTE);
    expect(events.map((event) => event.detail.state)).toEqual(['pending', 'terminated']);
    expect(notices.map((notice) => notice.kind)).toEqual(['instance-gone']);
    const { Reservations } = successOf(test.model.describeInstances({ InstanceIds: [id] }, T0 + MINUTE));
    expect(Reservations[0]?.Instances[0]?.StateReason?.Code).toBe('Client.InternalError');
  });

  it('may run without ever booting, drawn by ticket and index', () => {
    const draw = (key: string) => (key === 'never-boots/t1/1' ? 0 : 0.99);
    const test = world({ draw, knobs: { neverBootsShare: 0.5 } });
    const [first, second] = idsOf(launch(test, { count: 2, token: 't1' }));
    const { events, notices } = test.model.advance(T0 + MINUTE);
    expect(events.filter((event) => event.detail.state === 'running')).toHaveLength(2);
    expect(notices.map((notice) => notice.instanceId)).toEqual([first]);
    expect(second).toBeDefined();
  });

  it('is ended while pending without ever running', () => {
    const test = world();
    const id = launchOne(test);
    successOf(test.model.terminateInstances({ InstanceIds: [id] }, T0 + SECOND));
    expect(statesIn(test.model, T0 + MINUTE)).toEqual(['pending', 'shutting-down', 'terminated']);
  });
});

describe('a spot instance', () => {
  const interrupted = (announced: boolean) => {
    const test = world();
    const id = launchOne(test, { market: 'spot' });
    test.model.advance(T0 + MINUTE);
    test.model.interrupt(id, T0 + MINUTE, announced);
    return { test, id };
  };

  it('is warned two minutes before it is taken, by an event whose ARN names the zone', () => {
    const { test, id } = interrupted(true);
    const [warning] = test.model.advance(T0 + MINUTE).events;
    expect(warning).toMatchObject({
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      resources: [`arn:aws:ec2:us-east-1a:instance/${id}`],
      detail: { 'instance-id': id, 'instance-action': 'terminate' },
    });
    expect(test.model.spotAction(id, T0 + MINUTE)).toEqual({
      action: 'terminate',
      time: '2026-11-23T12:03:00Z',
    });
    expect(statesIn(test.model, T0 + 3 * MINUTE - 1)).toEqual([]);
    expect(statesIn(test.model, T0 + 3 * MINUTE)).toEqual(['shutting-down']);
    expect(test.model.instance(id)?.why?.code).toBe('Server.SpotInstanceTermination');
  });

  it('may be taken without a warning', () => {
    const { test, id } = interrupted(false);
    expect(statesIn(test.model, T0 + 3 * MINUTE)).toEqual(['shutting-down']);
    expect(test.model.spotAction(id, T0 + 3 * MINUTE)).toBeUndefined();
  });

  it('may be interrupted by draw, after a rebalance recommendation', () => {
    const knobs = {
      interruptionShare: 1,
      rebalanceShare: 1,
      interruptionAfterMs: { minMs: 600_000, maxMs: 600_000 },
    };
    const test = world({ knobs });
    launchOne(test, { market: 'spot' });
    launchOne(test, { market: 'on-demand' });
    test.model.advance(T0 + 5 * SECOND);
    const told = test.model.advance(T0 + 15 * MINUTE).events;
    expect(told.map((event) => [event['detail-type'], event.time])).toEqual([
      ['EC2 Instance Rebalance Recommendation', '2026-11-23T12:09:05Z'],
      ['EC2 Spot Instance Interruption Warning', '2026-11-23T12:10:05Z'],
      ['EC2 Instance State-change Notification', '2026-11-23T12:12:05Z'],
      ['EC2 Instance State-change Notification', '2026-11-23T12:12:25Z'],
    ]);
  });
});

describe('the truth', () => {
  it('keeps every birth and death, also of what can no longer be described', () => {
    const test = world();
    const id = launchOne(test);
    successOf(test.model.terminateInstances({ InstanceIds: [id] }, T0 + MINUTE));
    const [instance] = test.model.instances(T0 + 48 * 60 * MINUTE);
    expect(instance && enteredAt(instance, 'running')).toBe(T0 + 5 * SECOND);
    expect(instance && enteredAt(instance, 'terminated')).toBe(T0 + MINUTE + 20 * SECOND);
  });

  it('bills from running until it stops running, a minute at least', () => {
    const test = world();
    const [short = '', long = ''] = idsOf(launch(test, { count: 2 }));
    test.model.advance(T0 + 5 * SECOND);
    successOf(test.model.terminateInstances({ InstanceIds: [short] }, T0 + 15 * SECOND));
    successOf(test.model.terminateInstances({ InstanceIds: [long] }, T0 + 5 * SECOND + 30 * MINUTE));
    const costs = [short, long].map((id) => {
      const instance = test.model.instance(id);
      return instance === undefined ? 0 : usdOf(instance, T0 + 60 * MINUTE);
    });
    expect(costs[0]).toBeCloseTo(0.1008 / 60, 9);
    expect(costs[1]).toBeCloseTo(0.1008 / 2, 9);
    expect(test.model.usdTotal(T0 + 60 * MINUTE)).toBeCloseTo(0.1008 / 60 + 0.1008 / 2, 9);
  });

  it('is the same for the same draws, and does not depend on other launches', () => {
    const knobs = { pendingMs: { minMs: 1_000, maxMs: 60_000 } };
    const lone = world({ knobs });
    const crowded = world({ knobs });
    launch(crowded, { count: 7, token: 'other' });
    const ids = [lone, crowded].map((test) => launchOne(test, { token: 't1' }));
    expect(ids[0]).toBe(ids[1]);
    const passages = [lone, crowded].map((test) => {
      test.model.advance(T0 + MINUTE);
      return test.model.instance(ids[0] ?? '')?.passages;
    });
    expect(passages[0]).toEqual(passages[1]);
  });
});
