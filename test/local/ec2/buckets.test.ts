import { describe, expect, it } from '@jest/globals';
import type { Ec2Answer } from '../../../local/ec2/errors.ts';
import {
  failureOf,
  fleetInput,
  idsOf,
  launch,
  launchOne,
  successOf,
  T0,
  type TestWorld,
  world,
} from './ec2-world.ts';

type Call = (test: TestWorld, now: number) => Ec2Answer<unknown>;

const SECOND = 1000;

/** How many calls in a row are let through at one moment; bounded above the largest bucket. */
function letThrough(test: TestWorld, call: Call, now: number): number {
  for (let calls = 0; calls <= 200; calls++) {
    const answer = call(test, now);
    if (!answer.ok && answer.error.code === 'RequestLimitExceeded') return calls;
  }
  throw new Error('want a throttle within 200 calls, got none');
}

const createFleet: Call = (test, now) => test.model.createFleet(fleetInput(test), now);
const describeById: Call = ({ model }, now) => model.describeInstances({ InstanceIds: ['i-00000000'] }, now);
const describeAll: Call = ({ model }, now) => model.describeInstances({}, now);
const describePage: Call = ({ model }, now) => model.describeInstances({ MaxResults: 100 }, now);
const terminate: Call = ({ model }, now) => model.terminateInstances({ InstanceIds: ['i-00000000'] }, now);
const createTags: Call = ({ model }, now) =>
  model.createTags({ Resources: ['ami-x64'], Tags: [{ Key: 'a', Value: 'b' }] }, now);
const modify: Call = ({ model }, now) =>
  model.modifyInstanceMetadataOptions({ InstanceId: 'i-00000000' }, now);
const addVersion: Call = ({ model, templateId }, now) =>
  model.createLaunchTemplateVersion({ LaunchTemplateId: templateId, LaunchTemplateData: {} }, now);

describe('request tokens', () => {
  it.each([
    ['CreateFleet', createFleet, 50, 5],
    ['DescribeInstances by id', describeById, 100, 20],
    ['DescribeInstances by page', describePage, 100, 20],
    ['DescribeInstances of everything', describeAll, 50, 10],
    ['TerminateInstances', terminate, 100, 5],
    ['CreateTags', createTags, 100, 10],
    ['ModifyInstanceMetadataOptions', modify, 100, 5],
    ['CreateLaunchTemplateVersion', addVersion, 100, 5],
  ])('of %s follow the documented numbers', (_name, call, capacity, perSecond) => {
    const test = world();
    expect(letThrough(test, call, T0)).toBe(capacity);
    expect(letThrough(test, call, T0 + SECOND / perSecond - 1)).toBe(0);
    expect(letThrough(test, call, T0 + SECOND / perSecond)).toBe(1);
    expect(letThrough(test, call, T0 + SECOND / perSecond + 3 * SECOND)).toBe(3 * perSecond);
    expect(letThrough(test, call, T0 + 3600 * SECOND)).toBe(capacity);
  });

  it('are not shared between APIs', () => {
    const test = world();
    letThrough(test, createFleet, T0);
    expect(createTags(test, T0).ok).toBe(true);
    expect(describeById(test, T0)).toMatchObject({ error: { code: 'InvalidInstanceID.NotFound' } });
  });

  it('answer their end with HTTP 503, and count it', () => {
    const test = world();
    letThrough(test, createFleet, T0);
    expect(failureOf(createFleet(test, T0))).toMatchObject({ code: 'RequestLimitExceeded', status: 503 });
    expect(test.model.calls().get('CreateFleet')).toEqual({ calls: 52, throttled: 2, refused: 0 });
  });

  it('may be taken by others in the account, if the knob says so', () => {
    const test = world({ knobs: { throttleShare: 1 } });
    expect(failureOf(createFleet(test, T0)).code).toBe('RequestLimitExceeded');
  });
});

describe('launch tokens', () => {
  it('allow 1,000 instances at once and 2 per second from then on, with the throttle inside the answer', () => {
    const test = world();
    const burst = launch(test, { count: 1200 });
    expect(idsOf(burst)).toHaveLength(1000);
    expect(burst.Errors.map((error) => error.ErrorCode)).toEqual(['RequestLimitExceeded']);
    expect(idsOf(launch(test, { count: 100 }))).toEqual([]);
    expect(idsOf(launch(test, { count: 200 }, T0 + 60 * SECOND))).toHaveLength(120);
    expect(test.model.launchTokens(T0 + 60 * SECOND)).toBe(0);
    expect(test.model.launchTokens(T0 + 3600 * SECOND)).toBe(1000);
  });

  it('may refuse a launch altogether that they do not cover, if the knob says so', () => {
    const test = world({ knobs: { shortResourceTokens: 'nothing' } });
    expect(idsOf(launch(test, { count: 1001 }))).toEqual([]);
    expect(idsOf(launch(test, { count: 1000 }))).toHaveLength(1000);
  });

  it('cost nothing where capacity was what failed', () => {
    const test = world({ weather: { offer: () => ({ instancesMax: 0 }) } });
    launch(test, { count: 500 });
    expect(test.model.launchTokens(T0)).toBe(1000);
  });

  it('can be taken by another launch of the account: RequestLimitExceeded inside a 200, per try', () => {
    const draw = (key: string) => (key === 'fleet-throttle/t1/1' ? 0 : 1 - 2 ** -32);
    const test = world({ draw, knobs: { fleetThrottleShare: 0.5 } });
    const first = launch(test, { token: 't1' });
    expect(first.Errors.map((error) => error.ErrorCode)).toEqual(['RequestLimitExceeded']);
    expect(idsOf(launch(test, { token: 't1' }))).toHaveLength(1);
  });
});

describe('termination tokens', () => {
  it('allow 1,000 instances at once, then 20 per second, for a whole call or not at all', () => {
    const test = world();
    const first = idsOf(launch(test, { count: 1000 }));
    const last = launchOne(test, {}, T0 + SECOND);
    const later = T0 + SECOND;
    successOf(test.model.terminateInstances({ InstanceIds: first }, later));
    expect(failureOf(test.model.terminateInstances({ InstanceIds: [last] }, later)).code).toBe(
      'RequestLimitExceeded',
    );
    expect(test.model.instance(last)?.state).toBe('pending');
    expect(test.model.terminateInstances({ InstanceIds: [last] }, later + 50).ok).toBe(true);
  });
});
