/** The one model of EC2: in memory for the simulation and the benchmark, over HTTP (`query-server.ts`) for local mode. */
import { apiOf, type Ec2Api } from './api.ts';
import type { Ec2Event, Notice } from './events.ts';
import { identityDocument, isoSeconds } from './identity-document.ts';
import { type Instance, type InstanceTruth, usdOf } from './instance.ts';
import { powerOff, reclaim, recommendRebalance } from './lifecycle.ts';
import { isMetadataReachable } from './metadata.ts';
import type { Ec2ModelOptions, ImageSeed, SubnetSeed } from './options.ts';
import { createSubnet } from './subnets.ts';
import { type CallCount, createWorld, imageOf, settle, type World } from './world.ts';

export type { Ec2Api } from './api.ts';

/** What came of letting time pass: events as EventBridge delivers them, and work for whoever runs the instances. */
export type Advance = { readonly events: readonly Ec2Event[]; readonly notices: readonly Notice[] };

export type LaunchTemplateRef = { readonly launchTemplateId: string; readonly version: number };

export type Ec2Model = Ec2Api & Ec2Host & Ec2Truth;

/** For whoever runs the world: time, instances from inside, and what only AWS can do. None of it costs tokens. */
export type Ec2Host = {
  /** Moves the world and hands out, once, all that happened since the last call. */
  advance(now: number): Advance;
  /** When `advance` may next have something to hand out; undefined while nothing is under way. */
  nextEventAt(): number | undefined;
  /**
   * A template, or its next version where the name is taken. `data` as CloudFormation's LaunchTemplateData, intrinsics
   * resolved; throws a sentence on what is not modelled.
   */
  putLaunchTemplate(name: string, data: unknown, now: number): LaunchTemplateRef;
  addSubnet(seed: SubnetSeed): void;
  registerImage(seed: ImageSeed): void;
  deregisterImage(imageId: string): void;
  /** The operating system of a running instance went down. */
  powerOff(instanceId: string, now: number): void;
  /** EC2 reclaims a spot instance: two minutes from now, announced unless told otherwise. */
  interrupt(instanceId: string, now: number, announced?: boolean): void;
  recommendRebalance(instanceId: string, now: number): void;
  /** Whether the instance itself reaches its metadata service. */
  isMetadataReachable(instanceId: string, now: number): boolean;
  /** The bytes that identity signatures cover. */
  identityDocument(instanceId: string): string;
  /** What `spot/instance-action` shows from inside; undefined is 404. */
  spotAction(
    instanceId: string,
    now: number,
  ): { readonly action: 'terminate'; readonly time: string } | undefined;
};

/** What truly is and was, for tests and accounts. */
export type Ec2Truth = {
  /** Every instance ever, in order of birth, the ended included. */
  instances(now: number): readonly InstanceTruth[];
  instance(instanceId: string): InstanceTruth | undefined;
  /** What all instances have cost by `now`, in USD, volumes and traffic apart. */
  usdTotal(now: number): number;
  calls(): ReadonlyMap<string, CallCount>;
  /** Launch tokens left of the RunInstances resource bucket. */
  launchTokens(now: number): number;
};

export function createEc2Model(options: Ec2ModelOptions): Ec2Model {
  const world = createWorld(options);
  return { ...apiOf(world), ...hostOf(world), ...truthOf(world) };
}

function hostOf(world: World): Ec2Host {
  const touch = (instanceId: string, now: number, act: (instance: Instance, at: number) => void) => {
    const at = settle(world, now);
    act(known(world, instanceId), at);
  };
  return {
    advance: (now) => advance(world, now),
    nextEventAt: () => (hasOutput(world) ? world.now : world.due.nextAt()),
    putLaunchTemplate: (name, data, now) => putTemplate(world, { name, data }, now),
    addSubnet: (seed) => void world.subnets.set(seed.subnetId, createSubnet(seed)),
    registerImage: (seed) => void world.images.set(seed.imageId, imageOf(seed)),
    deregisterImage: (imageId) => void world.images.delete(imageId),
    powerOff: (id, now) => touch(id, now, (instance, at) => powerOff(world, instance, at)),
    interrupt: (id, now, announced = true) =>
      touch(id, now, (instance, at) => reclaim(world, instance, at, announced)),
    recommendRebalance: (id, now) =>
      touch(id, now, (instance, at) => recommendRebalance(world, instance, at)),
    isMetadataReachable: (id, now) => isMetadataReachable(world, id, now),
    identityDocument: (id) => identityDocument(known(world, id), world.options),
    spotAction: (id, now) => spotActionOf(known(world, id), settle(world, now)),
  };
}

const truthOf = (world: World): Ec2Truth => ({
  instances: (now) => {
    settle(world, now);
    return [...world.instances.values()];
  },
  instance: (instanceId) => world.instances.get(instanceId),
  usdTotal: (now) => {
    const at = settle(world, now);
    return [...world.instances.values()].reduce((sum, instance) => sum + usdOf(instance, at), 0);
  },
  calls: () => world.calls,
  launchTokens: (now) => world.buckets.resource('RunInstances').left(now),
});

function advance(world: World, now: number): Advance {
  settle(world, now);
  const { events, notices } = world;
  world.events = [];
  world.notices = [];
  return { events, notices };
}

function putTemplate(world: World, seed: { name: string; data: unknown }, now: number): LaunchTemplateRef {
  const { templates } = world;
  const known = templates.find({ LaunchTemplateName: seed.name });
  const put = known.ok ? templates.addVersion(known.value, seed.data, now) : templates.create(seed, now);
  const found = templates.find({ LaunchTemplateName: seed.name });
  if (!put.ok) throw new Error(`launch template ${seed.name}: ${put.error.message}`);
  if (!found.ok) throw new Error(found.error.message);
  return { launchTemplateId: found.value.templateId, version: found.value.versions.length };
}

const hasOutput = (world: World) => world.events.length > 0 || world.notices.length > 0;

const spotActionOf = ({ reclaim: taken }: Instance, now: number) =>
  taken?.announced && taken.at <= now
    ? ({ action: 'terminate', time: isoSeconds(taken.endsAt) } as const)
    : undefined;

/** An id that no launch gave is a mistake of the driver. */
function known(world: World, instanceId: string): Instance {
  const instance = world.instances.get(instanceId);
  if (instance === undefined) throw new Error(`want the id of an instance of this model, got ${instanceId}`);
  return instance;
}
