import { describe, expect, it } from '@jest/globals';
import type { DescribeInstancesInput } from '../../../local/ec2/describe-types.ts';
import {
  failureOf,
  idsOf,
  launch,
  launchOne,
  offer,
  STACK_TAG,
  successOf,
  T0,
  type TestWorld,
  world,
} from './ec2-world.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

const found = (test: TestWorld, input: DescribeInstancesInput, now = T0) =>
  successOf(test.model.describeInstances(input, now)).Reservations.flatMap((one) => one.Instances);
const idsFound = (test: TestWorld, input: DescribeInstancesInput, now = T0) =>
  found(test, input, now).map((instance) => instance.InstanceId);
const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });

describe('DescribeInstances, eventually consistent', () => {
  const unseenMs = { minMs: 3 * SECOND, maxMs: 3 * SECOND };

  it('does not know an instance right after its launch, by id or in a list', () => {
    const test = world({ knobs: { unseenMs } });
    const id = launchOne(test);
    const early = T0 + 3 * SECOND - 1;
    expect(failureOf(test.model.describeInstances({ InstanceIds: [id] }, early))).toEqual({
      code: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${id}' does not exist`,
      status: 400,
    });
    expect(idsFound(test, filter(`tag:${STACK_TAG}`, 's1'), early)).toEqual([]);
    expect(failureOf(test.model.terminateInstances({ InstanceIds: [id] }, early)).code).toBe(
      'InvalidInstanceID.NotFound',
    );
    expect(idsFound(test, { InstanceIds: [id] }, early + 1)).toEqual([id]);
  });

  it('finds an instance by its tags later than by its id', () => {
    const test = world({ knobs: { unindexedMs: { minMs: 9 * SECOND, maxMs: 9 * SECOND } } });
    const id = launchOne(test);
    expect(idsFound(test, { InstanceIds: [id] })).toEqual([id]);
    expect(idsFound(test, filter(`tag:${STACK_TAG}`, 's1'), T0 + 9 * SECOND - 1)).toEqual([]);
    expect(idsFound(test, filter(`tag:${STACK_TAG}`, 's1'), T0 + 9 * SECOND)).toEqual([id]);
  });

  it('shows an old state for a while, also to filters', () => {
    const test = world({ knobs: { staleMs: { minMs: 2 * SECOND, maxMs: 2 * SECOND } } });
    const id = launchOne(test);
    const stateAt = (now: number) => found(test, { InstanceIds: [id] }, now)[0]?.State.Name;
    expect(stateAt(T0 + 7 * SECOND - 1)).toBe('pending');
    expect(stateAt(T0 + 7 * SECOND)).toBe('running');
    const ended = T0 + 60 * SECOND;
    successOf(test.model.terminateInstances({ InstanceIds: [id], SkipOsShutdown: true }, ended));
    expect(idsFound(test, filter('instance-state-name', 'running'), ended + SECOND)).toEqual([id]);
    expect(idsFound(test, filter('instance-state-name', 'shutting-down'), ended + 4 * SECOND)).toEqual([id]);
    expect(idsFound(test, filter('instance-state-name', 'shutting-down'), ended + 5 * SECOND)).toEqual([]);
  });

  it('shows the terminated for an hour, without their place in the network, and then no more', () => {
    const test = world();
    const id = launchOne(test);
    const ended = T0 + 60 * SECOND;
    successOf(test.model.terminateInstances({ InstanceIds: [id], SkipOsShutdown: true }, ended));
    const [shown] = found(test, { InstanceIds: [id] }, ended + HOUR);
    expect(shown).toMatchObject({
      State: { Code: 48, Name: 'terminated' },
      StateReason: { Code: 'Client.UserInitiatedShutdown' },
      StateTransitionReason: 'User initiated (2026-11-23 12:01:00 GMT)',
    });
    expect(shown?.PrivateIpAddress).toBeUndefined();
    expect(shown?.SubnetId).toBeUndefined();
    const gone = ended + HOUR + 3 * SECOND;
    expect(failureOf(test.model.describeInstances({ InstanceIds: [id] }, gone)).code).toBe(
      'InvalidInstanceID.NotFound',
    );
    expect(idsFound(test, filter(`tag:${STACK_TAG}`, 's1'), gone)).toEqual([]);
  });

  it('fails for an impaired zone and for all zones together, and works for healthy ones', () => {
    const test = world({ weather: { impairedZones: () => ['us-east-1a'] } });
    const ill = launchOne(test);
    const well = launchOne(test, { overrides: [offer('m7i.large', 'subnet-b')] });
    const asked = [{ InstanceIds: [ill] }, {}, filter(`tag:${STACK_TAG}`, 's1')];
    for (const input of asked) {
      expect(failureOf(test.model.describeInstances(input, T0))).toMatchObject({
        code: 'InternalError',
        status: 500,
      });
    }
    expect(idsFound(test, { InstanceIds: [well] })).toEqual([well]);
  });
});

describe('DescribeInstances by id', () => {
  it('fails as a whole for one unknown id, and names all unknown ones', () => {
    const test = world();
    const id = launchOne(test);
    const strange = ['i-00000000000000001', 'i-00000000000000002'];
    expect(failureOf(test.model.describeInstances({ InstanceIds: [id, ...strange] }, T0)).message).toBe(
      "The instance IDs 'i-00000000000000001, i-00000000000000002' do not exist",
    );
  });

  it('refuses what is no instance id', () => {
    const test = world();
    expect(failureOf(test.model.describeInstances({ InstanceIds: ['i-XYZ'] }, T0)).code).toBe(
      'InvalidInstanceID.Malformed',
    );
  });
});

describe('filters', () => {
  it('must all fit, by any of their values, with wildcards', () => {
    const test = world();
    const spot = launchOne(test, { market: 'spot', tags: { [STACK_TAG]: 's1', 'mayfly:ticket': 'a*b' } });
    const other = launchOne(test, { tags: { [STACK_TAG]: 's2' } });
    expect(idsFound(test, filter(`tag:${STACK_TAG}`, 's1', 's2'))).toEqual([spot, other]);
    expect(idsFound(test, filter(`tag:${STACK_TAG}`, 's?'))).toEqual([spot, other]);
    expect(idsFound(test, filter('tag:mayfly:ticket', 'a\\*b'))).toEqual([spot]);
    expect(idsFound(test, filter('tag:mayfly:ticket', 'a.b'))).toEqual([]);
    expect(idsFound(test, filter('tag-key', 'mayfly:ticket'))).toEqual([spot]);
    expect(idsFound(test, filter('instance-lifecycle', 'spot'))).toEqual([spot]);
    const both = {
      Filters: [...filter(`tag:${STACK_TAG}`, 's2').Filters, ...filter('instance-lifecycle', 'spot').Filters],
    };
    expect(idsFound(test, both)).toEqual([]);
  });

  it('know the tags of the template, of the launch and of EC2 itself, the launch going before the template', () => {
    const test = world();
    const answer = launch(test, { tags: { 'mayfly:pool': 'mine' } });
    const [instance] = found(test, filter('tag:aws:ec2:fleet-id', answer.FleetId));
    expect(instance?.Tags).toContainEqual({ Key: 'mayfly:pool', Value: 'mine' });
    expect(instance?.Tags).toContainEqual({ Key: 'aws:ec2launchtemplate:id', Value: test.templateId });
    expect(idsFound(test, filter('tag:mayfly:pool', 'linux-x64'))).toEqual([]);
  });

  it('are refused when their name is not known or they have no value', () => {
    const test = world();
    const wrong = [filter('instance-colour', 'red'), filter('image-id'), filter('constructor', 'x')];
    for (const input of wrong) {
      expect(failureOf(test.model.describeInstances(input, T0)).code).toBe('InvalidParameterValue');
    }
  });
});

describe('pages', () => {
  it('give every instance once, in order of birth, while others are born', () => {
    const test = world();
    const first = idsOf(launch(test, { count: 12 }));
    const input = { ...filter(`tag:${STACK_TAG}`, 's1'), MaxResults: 5 };
    const collected: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const answer = successOf(
        test.model.describeInstances({ ...input, ...(NextToken && { NextToken }) }, T0),
      );
      const ids = answer.Reservations.flatMap((one) => one.Instances.map((instance) => instance.InstanceId));
      expect(ids.length).toBeLessThanOrEqual(5);
      collected.push(...ids);
      NextToken = answer.NextToken;
      if (pages === 0) first.push(launchOne(test));
      pages += 1;
    } while (NextToken !== undefined && pages < 10);
    expect(collected).toEqual(first);
    expect(pages).toBe(3);
  });

  it('refuse a token of another request, sizes out of bounds, and sizes together with ids', () => {
    const test = world();
    const [id = ''] = idsOf(launch(test, { count: 6 }));
    const { NextToken = '' } = successOf(test.model.describeInstances({ MaxResults: 5 }, T0));
    const wrong = [
      { ...filter(`tag:${STACK_TAG}`, 's1'), MaxResults: 5, NextToken },
      { MaxResults: 5, NextToken: 'made-up' },
      { MaxResults: 4 },
      { MaxResults: 1001 },
      { MaxResults: 5, InstanceIds: [id] },
    ];
    const codes = wrong.map((input) => failureOf(test.model.describeInstances(input, T0)).code);
    expect(codes).toEqual([...Array(4).fill('InvalidParameterValue'), 'InvalidParameterCombination']);
    expect(NextToken).not.toBe('');
  });
});

describe('CreateTags', () => {
  const tag = (Key: string, Value = 'v') => ({ Key, Value });

  it('tags instances so that filters find them, replacing an older value', () => {
    const test = world();
    const id = launchOne(test);
    for (const Value of ['one', 'two']) {
      successOf(test.model.createTags({ Resources: [id], Tags: [tag('mark', Value)] }, T0));
    }
    expect(idsFound(test, filter('tag:mark', 'one'))).toEqual([]);
    expect(idsFound(test, filter('tag:mark', 'two'))).toEqual([id]);
  });

  it('lists late carriers of a tag in order of birth all the same, page by page', () => {
    const test = world();
    launch(test, { count: 10 });
    const ids = idsOf(launch(test, { count: 7 }));
    for (const id of ids.toReversed()) {
      successOf(test.model.createTags({ Resources: [id], Tags: [tag('mark')] }, T0));
    }
    const input = { ...filter('tag:mark', 'v'), MaxResults: 5 };
    const { NextToken = '' } = successOf(test.model.describeInstances(input, T0));
    expect(idsFound(test, input)).toEqual(ids.slice(0, 5));
    expect(idsFound(test, { ...input, NextToken })).toEqual(ids.slice(5));
  });

  it('tags nothing when one resource does not exist', () => {
    const test = world();
    const id = launchOne(test);
    const input = { Resources: [id, 'i-00000000000000001'], Tags: [tag('mark')] };
    expect(failureOf(test.model.createTags(input, T0)).code).toBe('InvalidInstanceID.NotFound');
    expect(idsFound(test, filter('tag:mark', 'v'))).toEqual([]);
  });

  it('refuses reserved keys and more than 50 tags', () => {
    const test = world();
    const id = launchOne(test);
    const many = Array.from({ length: 49 }, (_, index) => tag(`k${index}`));
    expect(failureOf(test.model.createTags({ Resources: [id], Tags: [tag('aws:x')] }, T0)).code).toBe(
      'InvalidParameterValue',
    );
    expect(failureOf(test.model.createTags({ Resources: [id], Tags: many }, T0)).code).toBe(
      'TagLimitExceeded',
    );
  });
});
