import { describe, expect, it } from '@jest/globals';
import { fleetRequest, launchAnswer } from '../../lambdas/adapters/ec2-launch.ts';
import { ec2World } from '../contract/ec2-world.ts';

const { request } = ec2World();

describe('the CreateFleet request', () => {
  it('is the same, byte for byte, each time a frozen request is sent', () => {
    const frozen = request(3);
    expect(JSON.stringify(fleetRequest(structuredClone(frozen)))).toBe(JSON.stringify(fleetRequest(frozen)));
  });

  it('says outright what EC2 would else choose: type, token, strategy, version, zone and image', () => {
    const frozen = request(3);
    expect(fleetRequest(frozen)).toMatchObject({
      Type: 'instant',
      ClientToken: frozen.ticket,
      TargetCapacitySpecification: { TotalTargetCapacity: 3, DefaultTargetCapacityType: 'spot' },
      SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: frozen.templateId, Version: '1' },
          Overrides: frozen.overrides.map(({ instanceType, subnetId, zone }) => ({
            InstanceType: instanceType,
            SubnetId: subnetId,
            AvailabilityZone: zone,
            ImageId: frozen.imageId,
          })),
        },
      ],
    });
  });

  it('takes the cheapest of the on-demand offers and says nothing of spot', () => {
    const asked = fleetRequest(request(1, { market: 'on-demand' }));
    expect(asked.OnDemandOptions).toEqual({ AllocationStrategy: 'lowest-price' });
    expect(asked.SpotOptions).toBeUndefined();
  });

  it('tags fleet, instances and volumes alike, in the call itself', () => {
    const frozen = request(1);
    const tags = Object.entries(frozen.tags).map(([Key, Value]) => ({ Key, Value }));
    expect(fleetRequest(frozen).TagSpecifications).toEqual(
      ['fleet', 'instance', 'volume'].map((ResourceType) => ({ ResourceType, Tags: tags })),
    );
  });
});

describe('the CreateFleet answer', () => {
  it('takes the zone from the request where EC2 names only the subnet', () => {
    const offer = { InstanceType: 'm7i.large', SubnetId: 'subnet-01' };
    const answer = launchAnswer(request(1), {
      Instances: [{ InstanceIds: ['i-0123456789abcdef0'], LaunchTemplateAndOverrides: { Overrides: offer } }],
      Errors: [{ ErrorCode: 'UnfulfillableCapacity', LaunchTemplateAndOverrides: { Overrides: offer } }],
    });
    expect(answer).toEqual({
      instances: [
        { instanceId: 'i-0123456789abcdef0', instanceType: 'm7i.large', zone: 'us-east-1b', market: 'spot' },
      ],
      faults: [
        {
          instanceType: 'm7i.large',
          zone: 'us-east-1b',
          fault: { kind: 'exhausted', code: 'UnfulfillableCapacity' },
        },
      ],
    });
  });

  it('names no offer where EC2 names none, and refuses an error without a code', () => {
    expect(launchAnswer(request(1), { Errors: [{}] })).toEqual({
      instances: [],
      faults: [{ instanceType: null, zone: null, fault: { kind: 'refused', code: 'unnamed' } }],
    });
  });

  it('calls a server fault of one offer unsure: that launch must be looked for', () => {
    const { faults } = launchAnswer(request(1), { Errors: [{ ErrorCode: 'InternalError' }] });
    expect(faults[0]?.fault).toEqual({ kind: 'unsure', code: 'InternalError' });
  });
});
