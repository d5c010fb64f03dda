import type { DescribedInstance } from './describe-types.ts';
import type { Facts } from './filters.ts';
import type { Tag } from './fleet-types.ts';
import type { Instance, StateName } from './instance.ts';
import { shownMetadata } from './metadata.ts';
import { stateOf } from './terminate.ts';

/** The state that a caller is shown at `now`: that of a while ago. */
export function shownState(instance: Instance, now: number): StateName {
  const asOf = now - instance.staleMs;
  for (let index = instance.passages.length - 1; index > 0; index--) {
    const passage = instance.passages[index];
    if (passage !== undefined && passage.at <= asOf) return passage.state;
  }
  return 'pending';
}

/** What DescribeInstances can filter by, tags apart. */
export const factsAt = (now: number): Facts<Instance> => ({
  'instance-id': (instance) => instance.instanceId,
  'instance-state-name': (instance) => shownState(instance, now),
  'instance-type': (instance) => instance.type.name,
  'instance-lifecycle': (instance) => (instance.market === 'spot' ? 'spot' : undefined),
  'availability-zone': (instance) => instance.zone,
  'image-id': (instance) => instance.imageId,
  'subnet-id': (instance) => instance.subnetId,
  'vpc-id': (instance) => instance.vpcId,
});

/**
 * The ended lose their place in the network, and on-demand instances have no lifecycle at all. Members are assigned, not
 * spread: listings of thousands are the dearest calls of a simulated day.
 */
export function describe(instance: Instance, now: number): DescribedInstance {
  const state = shownState(instance, now);
  const isUp = state === 'pending' || state === 'running';
  const described: Assignable<DescribedInstance> = {
    InstanceId: instance.instanceId,
    ImageId: instance.imageId,
    State: stateOf(state),
    StateTransitionReason: isUp ? '' : instance.transitionReason,
    InstanceType: instance.type.name,
    Architecture: instance.type.architecture,
    AmiLaunchIndex: 0,
    LaunchTime: new Date(instance.launchedAt),
    Placement: { AvailabilityZone: instance.zone, Tenancy: 'default' },
    MetadataOptions: shownMetadata(instance),
    Tags: tagList(instance.tags),
  };
  if (!isUp && instance.why !== undefined) {
    described.StateReason = { Code: instance.why.code, Message: instance.why.message };
  }
  if (instance.market === 'spot') {
    described.InstanceLifecycle = 'spot';
    described.SpotInstanceRequestId = `sir-${instance.instanceId.slice(-8)}`;
  }
  if (state !== 'terminated') {
    described.SubnetId = instance.subnetId;
    described.VpcId = instance.vpcId;
    described.PrivateIpAddress = instance.privateIp;
  }
  return described;
}

type Assignable<T> = { -readonly [K in keyof T]: T[K] };

/** Tags as EC2 lists them. */
export function tagList(tags: ReadonlyMap<string, string>): readonly Tag[] {
  const list: Tag[] = [];
  for (const [Key, Value] of tags) list.push({ Key, Value });
  return list;
}
