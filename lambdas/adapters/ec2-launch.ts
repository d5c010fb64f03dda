import type { CreateFleetCommandInput, ResourceType } from '@aws-sdk/client-ec2';
import type { FrozenRequest } from '../contracts/ledger.ts';
import type { LaunchAnswer, LaunchedInstance, OfferFault } from '../ports/instances.ts';
import type { FleetOffer, FleetOutput } from './ec2-calls.ts';
import { faultOfCode } from './faults.ts';

/** Tagged in the launch call itself, so that nothing of ours ever exists untagged. */
const TAGGED: readonly ResourceType[] = ['fleet', 'instance', 'volume'];

/**
 * The frozen request as CreateFleet wants it: the same bytes each time it is sent. Strategies are written out because the
 * default for spot is one that AWS advises against; the zone stands beside its subnet only so that errors name it.
 */
export function fleetRequest(request: FrozenRequest): CreateFleetCommandInput {
  const tags = Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    Type: 'instant',
    ClientToken: request.ticket,
    TargetCapacitySpecification: {
      TotalTargetCapacity: request.count,
      DefaultTargetCapacityType: request.market,
    },
    ...(request.market === 'spot'
      ? { SpotOptions: { AllocationStrategy: 'price-capacity-optimized' } }
      : { OnDemandOptions: { AllocationStrategy: 'lowest-price' } }),
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: request.templateId,
          Version: request.templateVersion,
        },
        Overrides: request.overrides.map(({ instanceType, subnetId, zone }) => ({
          // Types come from the checked configuration; the SDK's list of them only lags behind EC2's.
          InstanceType: instanceType as NonNullable<FleetOverride['InstanceType']>,
          SubnetId: subnetId,
          AvailabilityZone: zone,
          ImageId: request.imageId,
        })),
      },
    ],
    TagSpecifications: TAGGED.map((ResourceType) => ({ ResourceType, Tags: tags })),
  };
}

type FleetConfig = NonNullable<CreateFleetCommandInput['LaunchTemplateConfigs']>[number];
type FleetOverride = NonNullable<FleetConfig['Overrides']>[number];

/** The two lists of a 200: instances that run, and one error per offer that gave none. */
export function launchAnswer(request: FrozenRequest, output: FleetOutput): LaunchAnswer {
  const instances = (output.Instances ?? []).flatMap((set) => {
    const offer = set.LaunchTemplateAndOverrides?.Overrides;
    const common: Omit<LaunchedInstance, 'instanceId'> = {
      instanceType: set.InstanceType ?? offer?.InstanceType ?? '',
      zone: zoneOf(request, offer) ?? '',
      market: marketOf(set.Lifecycle, request),
    };
    return (set.InstanceIds ?? []).map((instanceId) => ({ instanceId, ...common }));
  });
  const faults = (output.Errors ?? []).map((error): OfferFault => {
    const offer = error.LaunchTemplateAndOverrides?.Overrides;
    return {
      instanceType: offer?.InstanceType ?? null,
      zone: zoneOf(request, offer) ?? null,
      fault: faultOfCode(error.ErrorCode ?? 'unnamed', 'write'),
    };
  });
  return { instances, faults };
}

/** EC2 may name the offer by its subnet alone; the request knows the zone of each. */
const zoneOf = (request: FrozenRequest, offer: FleetOffer | undefined): string | undefined =>
  offer?.AvailabilityZone ?? request.overrides.find(({ subnetId }) => subnetId === offer?.SubnetId)?.zone;

const marketOf = (lifecycle: string | undefined, request: FrozenRequest): 'spot' | 'on-demand' =>
  lifecycle === 'spot' || lifecycle === 'on-demand' ? lifecycle : request.market;
