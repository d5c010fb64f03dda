import { type Buckets, createBuckets, DOCUMENTED_LIMITS } from './buckets.ts';
import { CATALOGUE, type InstanceType, type Market } from './catalogue.ts';
import { strikes } from './draws.ts';
import { dryRun, type Ec2Answer, type Ec2Error, refused, throttled } from './errors.ts';
import type { Ec2Event, Notice } from './events.ts';
import type { CreateFleetResult } from './fleet-types.ts';
import type { Instance } from './instance.ts';
import { DEFAULT_KNOBS, type Ec2ModelOptions, type ImageSeed, type Knobs } from './options.ts';
import { createSchedule, type Schedule } from './schedule.ts';
import { createSubnet, type Subnet } from './subnets.ts';
import { createTemplates, type Templates } from './templates.ts';

export type CallCount = {
  readonly calls: number;
  /** Answered RequestLimitExceeded, for the call as a whole. */
  readonly throttled: number;
  /** Answered any other error. */
  readonly refused: number;
};

/** What one client token led to. */
export type Ticket = {
  /** The request, as text, without its token. */
  readonly request: string;
  tries: number;
  launched: number;
  answer: CreateFleetResult | undefined;
};

export type Image = Required<Omit<ImageSeed, 'tags'>> & { readonly tags: Map<string, string> };

/** Instances to look through, and whether they come in order of birth. */
export type Listing = { readonly members: ReadonlySet<Instance>; readonly isOrdered: boolean };

/** A tag put on late leaves its carriers out of order. */
type Carriers = { readonly members: Set<Instance>; lastSequence: number; isOrdered: boolean };

/** All state of one model. Its parts change it; nothing outside this folder sees it. */
export type World = {
  readonly options: Ec2ModelOptions;
  readonly knobs: Knobs;
  readonly types: ReadonlyMap<string, InstanceType>;
  readonly images: Map<string, Image>;
  readonly subnets: Map<string, Subnet>;
  readonly templates: Templates;
  readonly buckets: Buckets;
  /** Every instance ever, in order of birth. */
  readonly instances: Map<string, Instance>;
  /** Those that can still be described, and of them those that anybody may still see alive. */
  readonly shown: Set<Instance>;
  readonly unburied: Set<Instance>;
  readonly byTag: Map<string, Carriers>;
  readonly tickets: Map<string, Ticket>;
  readonly vcpus: Record<Market, number>;
  readonly calls: Map<string, { -readonly [K in keyof CallCount]: CallCount[K] }>;
  readonly due: Schedule;
  /** What nobody outside can notice, so that it wakes nobody. */
  readonly housekeeping: Schedule;
  events: Ec2Event[];
  notices: Notice[];
  fleets: number;
  now: number;
};

export function createWorld(options: Ec2ModelOptions): World {
  return {
    options,
    knobs: { ...DEFAULT_KNOBS, ...options.knobs },
    types: new Map((options.instanceTypes ?? CATALOGUE).map((type) => [type.name, type])),
    images: new Map(options.images.map((seed) => [seed.imageId, imageOf(seed)])),
    subnets: new Map(options.subnets.map((seed) => [seed.subnetId, createSubnet(seed)])),
    templates: createTemplates(),
    buckets: createBuckets(options.limits ?? DOCUMENTED_LIMITS),
    instances: new Map(),
    shown: new Set(),
    unburied: new Set(),
    byTag: new Map(),
    tickets: new Map(),
    vcpus: { spot: 0, 'on-demand': 0 },
    calls: new Map(),
    due: createSchedule(),
    housekeeping: createSchedule(),
    events: [],
    notices: [],
    fleets: 0,
    now: Number.NEGATIVE_INFINITY,
  };
}

/** Brings the world to `now`. Time does not go back: an earlier `now` is taken for the latest one known. */
export function settle(world: World, now: number): number {
  if (now > world.now) world.now = now;
  world.due.runUntil(world.now);
  world.housekeeping.runUntil(world.now);
  return world.now;
}

export type Call = {
  readonly action: string;
  readonly now: number;
  readonly dryRun?: boolean | undefined;
  /** Asks for all there is: no ids, no filters, no page size. */
  readonly asksForAll?: boolean;
};

/** The door of every API call: settles, counts, throttles, then does the work unless it was a dry run. */
export function call<T>(
  world: World,
  { action, ...how }: Call,
  work: (now: number) => Ec2Answer<T>,
): Ec2Answer<T> {
  const now = settle(world, how.now);
  const count = world.calls.get(action) ?? { calls: 0, throttled: 0, refused: 0 };
  if (count.calls === 0) world.calls.set(action, count);
  count.calls += 1;
  const error = doorError(world, { action, ...how, now }, count.calls);
  const answer = error === undefined ? work(now) : refused(error);
  if (!answer.ok && answer.error.code === 'RequestLimitExceeded') count.throttled += 1;
  else if (!answer.ok) count.refused += 1;
  return answer;
}

function doorError(world: World, { action, now, ...how }: Call, callNumber: number): Ec2Error | undefined {
  const { draw, weather } = world.options;
  const hasToken = world.buckets.request(action, how.asksForAll ?? false).take(1, now);
  const isOutbid = strikes(draw, `throttle/${action}/${callNumber}`, world.knobs.throttleShare);
  if (!hasToken || isOutbid) return throttled();
  return weather?.callError?.(action, callNumber, now) ?? (how.dryRun ? dryRun() : undefined);
}

const indexKey = (key: string, value: string): string => `${key}\n${value}`;

/** EC2's own tags are nearly all different, and asked for by nobody: an index of them costs more than it gives. */
const isIndexed = (key: string): boolean => !key.startsWith('aws:');

/** Sets a tag and keeps the index of tags true. */
export function setTag(world: World, instance: Instance, key: string, value: string): void {
  const before = instance.tags.get(key);
  instance.tags.set(key, value);
  if (!isIndexed(key) || before === value) return;
  if (before !== undefined) world.byTag.get(indexKey(key, before))?.members.delete(instance);
  const index = indexKey(key, value);
  const carriers = world.byTag.get(index);
  if (carriers === undefined) {
    world.byTag.set(index, {
      members: new Set([instance]),
      lastSequence: instance.sequence,
      isOrdered: true,
    });
  } else {
    carriers.members.add(instance);
    carriers.isOrdered &&= carriers.lastSequence < instance.sequence;
    carriers.lastSequence = Math.max(carriers.lastSequence, instance.sequence);
  }
}

/** Who carries a tag; undefined where that is not indexed. */
export function carriersOf(world: World, key: string, value: string): Listing | undefined {
  return isIndexed(key) ? (world.byTag.get(indexKey(key, value)) ?? NOBODY) : undefined;
}

const NOBODY: Listing = { members: new Set(), isOrdered: true };

/** Forgets an instance in all that callers can see; the truth keeps it. */
export function forget(world: World, instance: Instance): void {
  world.shown.delete(instance);
  for (const [key, value] of instance.tags) {
    const index = indexKey(key, value);
    const carriers = world.byTag.get(index);
    carriers?.members.delete(instance);
    if (carriers?.members.size === 0) world.byTag.delete(index);
  }
}

/** The instance if callers may know of it yet, and still. */
export function seen(world: World, instanceId: string): Instance | undefined {
  const instance = world.instances.get(instanceId);
  return instance !== undefined && instance.seenFrom <= world.now && world.shown.has(instance)
    ? instance
    : undefined;
}

export const imageOf = (seed: ImageSeed): Image => ({
  imageId: seed.imageId,
  architecture: seed.architecture,
  name: seed.name ?? seed.imageId,
  state: seed.state ?? 'available',
  rootVolumeGib: seed.rootVolumeGib ?? 8,
  tags: new Map(Object.entries(seed.tags ?? {})),
});
