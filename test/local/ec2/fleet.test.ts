import { describe, expect, it } from '@jest/globals';
import { exhausted } from '../../../local/ec2/weather.ts';
import {
  type FleetWish,
  failureOf,
  fleetInput,
  idsOf,
  launch,
  offer,
  successOf,
  T0,
  world,
} from './ec2-world.ts';

const codesOf = (answer: ReturnType<typeof launch>) => answer.Errors.map((error) => error.ErrorCode);

describe('CreateFleet instant', () => {
  it('gives as many instances as asked, from the cheapest offer, and says where', () => {
    const test = world();
    const overrides = [offer('r7i.large', 'subnet-a'), offer('c7i.large', 'subnet-b')];
    const answer = launch(test, { count: 3, overrides });
    expect(answer.Errors).toEqual([]);
    expect(answer.Instances).toHaveLength(1);
    expect(answer.Instances[0]).toMatchObject({
      InstanceType: 'c7i.large',
      AvailabilityZone: 'us-east-1b',
      Lifecycle: 'on-demand',
      LaunchTemplateAndOverrides: {
        LaunchTemplateSpecification: { LaunchTemplateId: test.templateId, Version: '1' },
        Overrides: { SubnetId: 'subnet-b' },
      },
    });
    expect(new Set(idsOf(answer)).size).toBe(3);
    for (const id of idsOf(answer)) expect(id).toMatch(/^i-[0-9a-f]{17}$/);
  });

  it('fills the rest from the next offer and names the one that ran dry', () => {
    const scarce = { offer: () => ({ instancesMax: 2 }) };
    const overrides = [offer('m7i.large', 'subnet-a'), offer('m7i.large', 'subnet-b')];
    const answer = launch(world({ weather: scarce }), { count: 3, overrides });
    expect(answer.Instances.map((set) => set.InstanceIds.length)).toEqual([2, 1]);
    expect(answer.Errors).toHaveLength(1);
    expect(answer.Errors[0]).toMatchObject({
      ErrorCode: 'InsufficientInstanceCapacity',
      LaunchTemplateAndOverrides: { Overrides: { SubnetId: 'subnet-a' } },
    });
  });

  it('answers 200 with one error per offer when nothing can be launched', () => {
    const weather = exhausted(['m7i.large/us-east-1a/spot', 'm7i.large/us-east-1b/spot']);
    const overrides = [offer('m7i.large', 'subnet-a'), offer('m7i.large', 'subnet-b')];
    const test = world({ weather });
    const answer = launch(test, { market: 'spot', overrides });
    expect(answer.Instances).toEqual([]);
    expect(codesOf(answer)).toEqual(['InsufficientInstanceCapacity', 'InsufficientInstanceCapacity']);
    expect(idsOf(launch(test, { market: 'on-demand', overrides }))).toHaveLength(1);
  });

  it('passes over offers without spot capacity for a dearer one that has some', () => {
    const weather = exhausted(['c7i.large/us-east-1a/spot']);
    const overrides = [offer('c7i.large', 'subnet-a'), offer('r7i.large', 'subnet-a')];
    const answer = launch(world({ weather }), { market: 'spot', overrides });
    expect(answer.Instances[0]?.InstanceType).toBe('r7i.large');
    expect(answer.Errors).toEqual([]);
  });

  it('gives the code that the weather names, such as UnfulfillableCapacity', () => {
    const weather = { offer: () => ({ instancesMax: 0, code: 'UnfulfillableCapacity' }) };
    expect(codesOf(launch(world({ weather }), { market: 'spot' }))).toEqual(['UnfulfillableCapacity']);
  });

  it('keeps to the vCPU quota of each market and frees it with the end of an instance', () => {
    const test = world({ vcpusMax: { spot: 2, 'on-demand': 4 } });
    const answer = launch(test, { count: 3 });
    expect(idsOf(answer)).toHaveLength(2);
    expect(codesOf(answer)).toEqual(['VcpuLimitExceeded']);
    expect(codesOf(launch(test, { count: 2, market: 'spot' }))).toEqual(['MaxSpotInstanceCountExceeded']);

    successOf(test.model.terminateInstances({ InstanceIds: idsOf(answer) }, T0 + 10_000));
    expect(idsOf(launch(test, { count: 2 }, T0 + 20_000))).toEqual([]);
    expect(idsOf(launch(test, { count: 2 }, T0 + 30_000))).toHaveLength(2);
  });

  it('fills a subnet to its last address and no further', () => {
    const subnets = [{ subnetId: 'subnet-a', zone: 'us-east-1a', cidrBlock: '10.0.0.0/28' }];
    const test = world({ subnets });
    const answer = launch(test, { count: 12 });
    expect(idsOf(answer)).toHaveLength(11);
    expect(codesOf(answer)).toEqual(['InsufficientFreeAddressesInSubnet']);
    const addresses = test.model.instances(T0).map((instance) => instance.privateIp);
    expect(new Set(addresses).size).toBe(11);
    expect(addresses).toContain('10.0.0.4');
    expect(addresses).toContain('10.0.0.14');
  });

  it.each([
    ['an image that is gone', { ImageId: 'ami-gone' }, 'InvalidAMIID.NotFound'],
    ['an image of another architecture', { ImageId: 'ami-arm' }, 'InvalidParameterValue'],
    ['an unknown subnet', { SubnetId: 'subnet-x' }, 'InvalidSubnetID.NotFound'],
    ['an unknown type', { InstanceType: 'z9.nano' }, 'InvalidParameterValue'],
    ['a subnet outside the zone named', { AvailabilityZone: 'us-east-1b' }, 'InvalidParameterValue'],
  ])('puts %s among the errors of its offer', (_what, change, code) => {
    const answer = launch(world(), { overrides: [{ ...offer('m7i.large', 'subnet-a'), ...change }] });
    expect(answer.Instances).toEqual([]);
    expect(codesOf(answer)).toEqual([code]);
  });

  it('launches again once the image is back', () => {
    const test = world();
    test.model.deregisterImage('ami-x64');
    expect(codesOf(launch(test))).toEqual(['InvalidAMIID.NotFound']);
    test.model.registerImage({ imageId: 'ami-x64', architecture: 'x86_64' });
    expect(idsOf(launch(test))).toHaveLength(1);
  });

  it('splits a mixed target between the markets', () => {
    const test = world();
    const input = fleetInput(test, { count: 5, market: 'spot' });
    const mixed = {
      ...input,
      TargetCapacitySpecification: { ...input.TargetCapacitySpecification, OnDemandTargetCapacity: 2 },
    };
    const answer = successOf(test.model.createFleet(mixed, T0));
    expect(answer.Instances.map((set) => [set.Lifecycle, set.InstanceIds.length])).toEqual([
      ['on-demand', 2],
      ['spot', 3],
    ]);
  });

  it('may give one instance more than asked, if the knob says so', () => {
    expect(idsOf(launch(world({ knobs: { surplusShare: 1 } }), { count: 2 }))).toHaveLength(3);
  });
});

describe('a CreateFleet that is refused as a whole', () => {
  it('names two subnets of one zone as duplicate pools', () => {
    const test = world();
    const overrides = [offer('m7i.large', 'subnet-a'), offer('m7i.large', 'subnet-a2')];
    const error = failureOf(test.model.createFleet(fleetInput(test, { overrides }), T0));
    expect(error).toMatchObject({ code: 'InvalidFleetConfig', status: 400 });
    expect(test.model.instances(T0)).toEqual([]);
  });

  const refusals: [what: string, change: FleetWish & { templateId?: string }, code: string][] = [
    ['a template that is not there', { templateId: 'lt-0123' }, 'InvalidLaunchTemplateId.NotFound'],
    ['a version that is not there', { version: '7' }, 'InvalidLaunchTemplateId.VersionNotFound'],
    ['no capacity', { count: 0 }, 'InvalidParameterValue'],
    ['more than 10,000', { count: 10_001 }, 'InvalidParameterValue'],
    ['a token of 65 characters', { token: 'x'.repeat(65) }, 'InvalidParameterValue'],
    ['a reserved tag', { tags: { 'aws:mine': '1' } }, 'InvalidParameterValue'],
  ];
  it.each(refusals)('refuses %s', (_what, change, code) => {
    const test = world();
    const input = fleetInput({ ...test, ...change }, change);
    expect(failureOf(test.model.createFleet(input, T0)).code).toBe(code);
  });

  it('refuses fleets that are not instant and strategies it does not follow', () => {
    const test = world();
    const input = fleetInput(test, { market: 'spot' });
    const maintained = { ...input, Type: 'maintain' };
    const diversified = { ...input, SpotOptions: { AllocationStrategy: 'diversified' } };
    for (const wrong of [maintained, diversified]) {
      expect(failureOf(test.model.createFleet(wrong, T0)).code).toBe('InvalidParameterValue');
    }
  });

  it('passes on what the account is refused', () => {
    const quota = { code: 'MaxFleetCountExceeded', message: "You've reached your quota", status: 400 };
    const callError = (action: string) => (action === 'CreateFleet' ? quota : undefined);
    const test = world({ weather: { callError } });
    expect(failureOf(test.model.createFleet(fleetInput(test), T0))).toEqual(quota);
  });

  it('does nothing in a dry run but say that it would', () => {
    const test = world();
    const error = failureOf(test.model.createFleet({ ...fleetInput(test), DryRun: true }, T0));
    expect(error).toMatchObject({ code: 'DryRunOperation', status: 412 });
    expect(test.model.instances(T0)).toEqual([]);
  });
});

describe('a client token', () => {
  it('gives the first result again, and no second instance', () => {
    const test = world();
    const first = launch(test, { count: 2, token: 't1' });
    expect(launch(test, { count: 2, token: 't1' }, T0 + 60_000)).toEqual(first);
    expect(test.model.instances(T0)).toHaveLength(2);
  });

  it('does not care in which order the members of the same request come', () => {
    const test = world();
    const input = fleetInput(test, { token: 't1' });
    const turned = Object.fromEntries(Object.entries(input).reverse());
    successOf(test.model.createFleet(input, T0));
    expect(test.model.createFleet(turned, T0).ok).toBe(true);
    expect(test.model.instances(T0)).toHaveLength(1);
  });

  it('refuses other parameters', () => {
    const test = world();
    launch(test, { count: 2, token: 't1' });
    const error = failureOf(test.model.createFleet(fleetInput(test, { count: 3, token: 't1' }), T0));
    expect(error.code).toBe('IdempotentParameterMismatch');
  });

  it('may answer the repeat without naming the instances, which AWS does not promise to name', () => {
    const test = world({ knobs: { forgetfulTokenShare: 1 } });
    const first = launch(test, { token: 't1' });
    expect(launch(test, { token: 't1' })).toEqual({ FleetId: first.FleetId, Errors: [], Instances: [] });
    expect(test.model.instances(T0)).toHaveLength(1);
  });

  it('tries again after a launch that gave nothing, unless the knob makes the nothing stick', () => {
    const dryUntil = (end: number) => ({
      offer: (_offer: object, now: number) => (now < end ? { instancesMax: 0 } : undefined),
    });
    const weather = dryUntil(T0 + 1000);
    for (const [stickyEmptyShare, instances] of [[0, 1] as const, [1, 0] as const]) {
      const test = world({ weather, knobs: { stickyEmptyShare } });
      expect(idsOf(launch(test, { token: 't1' }))).toEqual([]);
      expect(idsOf(launch(test, { token: 't1' }, T0 + 1000))).toHaveLength(instances);
    }
  });

  it('is forgotten after its lifetime', () => {
    const test = world({ knobs: { clientTokenMs: 1000 } });
    const first = launch(test, { token: 't1' });
    const second = launch(test, { token: 't1' }, T0 + 1000);
    expect(idsOf(second)).not.toEqual(idsOf(first));
    expect(test.model.instances(T0)).toHaveLength(2);
  });
});
