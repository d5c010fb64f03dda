import type { Market } from './catalogue.ts';
import { usdPerHour } from './catalogue.ts';
import { drawMs, hexOf } from './draws.ts';
import type { Tag } from './fleet-types.ts';
import type { Instance, MetadataOptions } from './instance.ts';
import { beginLife } from './lifecycle.ts';
import { DEFAULT_METADATA } from './metadata.ts';
import type { Pool } from './pools.ts';
import type { TemplateVersion } from './templates.ts';
import { setTag, type World } from './world.ts';

/** What all instances of one fleet share. */
export type Fleet = {
  readonly fleetId: string;
  readonly ticket: string;
  readonly tags: readonly Tag[];
  readonly now: number;
};

export type Birth = { readonly market: Market; readonly launchIndex: number; readonly reservationId: string };

/** Brings one instance into the world; the caller has made sure of room, quota and address. */
export function bear(
  world: World,
  { pool, fleet, birth }: { pool: Pool; fleet: Fleet; birth: Birth },
): Instance {
  const { draw } = world.options;
  const { knobs } = world;
  const key = `${fleet.ticket}/${birth.launchIndex}`;
  const metadata = metadataOf(pool.version);
  const { now } = fleet;
  const unseenMs = drawMs(draw, `unseen/${key}`, knobs.unseenMs);
  const instance: Instance = {
    instanceId: freshId(world, key),
    sequence: world.instances.size,
    reservationId: birth.reservationId,
    fleetId: fleet.fleetId,
    ticket: fleet.ticket,
    launchIndex: birth.launchIndex,
    market: birth.market,
    type: pool.type,
    usdPerHour: usdPerHour(pool.type, birth.market),
    zone: pool.subnet.zone,
    subnetId: pool.subnet.subnetId,
    vpcId: pool.subnet.vpcId,
    imageId: pool.image.imageId,
    privateIp: pool.subnet.takeIp(),
    userData: pool.version.userData,
    shutdownBehavior: pool.version.data.InstanceInitiatedShutdownBehavior ?? 'stop',
    rootVolumeGib: pool.rootVolumeGib,
    launchedAt: now,
    seenFrom: now + unseenMs,
    indexedFrom: now + Math.max(unseenMs, drawMs(draw, `unindexed/${key}`, knobs.unindexedMs)),
    staleMs: drawMs(draw, `stale/${key}`, knobs.staleMs),
    tags: new Map(),
    passages: [{ at: now, state: 'pending' }],
    state: 'pending',
    holdsVcpus: true,
    endsAbruptly: false,
    metadata,
    metadataWanted: metadata,
    why: undefined,
    transitionReason: '',
    reclaim: undefined,
  };
  register(world, instance, [...pool.tags, ...fleet.tags, ...ownTags(pool, fleet)]);
  beginLife(world, instance);
  return instance;
}

function register(world: World, instance: Instance, tags: readonly Tag[]): void {
  world.instances.set(instance.instanceId, instance);
  world.shown.add(instance);
  world.unburied.add(instance);
  world.vcpus[instance.market] += instance.type.vcpus;
  for (const { Key: key = '', Value: value = '' } of tags) setTag(world, instance, key, value);
}

/** EC2 puts these on every instance of a fleet. */
const ownTags = (pool: Pool, fleet: Fleet): readonly Tag[] => [
  { Key: 'aws:ec2:fleet-id', Value: fleet.fleetId },
  { Key: 'aws:ec2launchtemplate:id', Value: pool.template.templateId },
  { Key: 'aws:ec2launchtemplate:version', Value: String(pool.version.number) },
];

const metadataOf = ({ data }: TemplateVersion): MetadataOptions => {
  const asked = data.MetadataOptions ?? {};
  return {
    HttpEndpoint: asked.HttpEndpoint ?? DEFAULT_METADATA.HttpEndpoint,
    HttpTokens: asked.HttpTokens ?? DEFAULT_METADATA.HttpTokens,
    HttpPutResponseHopLimit: asked.HttpPutResponseHopLimit ?? DEFAULT_METADATA.HttpPutResponseHopLimit,
    HttpProtocolIpv6: asked.HttpProtocolIpv6 ?? DEFAULT_METADATA.HttpProtocolIpv6,
    InstanceMetadataTags: asked.InstanceMetadataTags ?? DEFAULT_METADATA.InstanceMetadataTags,
  };
};

/** Sixteen digits of hash: the second try is for a ticket used again after its token was forgotten. */
const ID_TRIES_MAX = 100;

function freshId(world: World, key: string): string {
  for (let attempt = 0; attempt < ID_TRIES_MAX; attempt++) {
    const id = `i-0${hexOf(`instance/${key}/${attempt}`, 16)}`;
    if (!world.instances.has(id)) return id;
  }
  throw new Error(`no fresh instance id for ${key} in ${ID_TRIES_MAX} tries`);
}
