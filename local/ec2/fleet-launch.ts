import { bear, type Fleet } from './birth.ts';
import { type Ec2Error, ec2Error, invalid, throttled } from './errors.ts';
import type { Target } from './fleet-request.ts';
import type { FleetError, FleetInstances } from './fleet-types.ts';
import { type Candidate, ordered, type Pool, roomIn } from './pools.ts';
import type { World } from './world.ts';

export type Launch = {
  readonly fleet: Fleet;
  readonly candidates: readonly Candidate[];
  /** Index of the first instance: a ticket never uses an index twice. */
  readonly firstIndex: number;
  /** RunInstances has no token for this fleet. */
  readonly isThrottled: boolean;
};

export type Launched = { readonly instances: FleetInstances[]; readonly errors: FleetError[]; count: number };

/** Takes from pool after pool until the target is met; each pool tried and found short leaves its error. */
export function launchTarget(
  world: World,
  { launch, target, launched }: { launch: Launch; target: Target; launched: Launched },
) {
  const { market, strategy } = target;
  const { now } = launch.fleet;
  let left = target.count;
  for (const candidate of ordered(world, launch.candidates, { market, strategy, now })) {
    if (left === 0) return;
    const { count, error } = takeable(world, candidate, { launch, target, left });
    if (error !== undefined) launched.errors.push(fleetError(candidate, market, error));
    if (count > 0 && candidate.pool.ok) {
      world.buckets.resource('RunInstances').take(count, now);
      launched.instances.push(bearAll(world, candidate.pool.value, { launch, target, launched, count }));
      left -= count;
    }
  }
}

type Gate = { readonly max: number; readonly error: () => Ec2Error };

/** How many of the missing ones this candidate can give, and why not all of them. */
function takeable(
  world: World,
  candidate: Candidate,
  { launch, target, left }: { launch: Launch; target: Target; left: number },
): { readonly count: number; readonly error?: Ec2Error } {
  if (!candidate.pool.ok) return { count: 0, error: candidate.pool.error };
  const pool = candidate.pool.value;
  const problem = metadataTagProblem(pool, launch.fleet);
  if (problem !== undefined) return { count: 0, error: problem };
  const short = gatesOf(world, pool, { launch, target, left }).reduce((a, b) => (b.max < a.max ? b : a));
  return short.max >= left ? { count: left } : { count: Math.max(0, short.max), error: short.error() };
}

/** In the order in which EC2 looks: its own throttle, the account's quota, the zone's capacity, the subnet. */
function gatesOf(
  world: World,
  pool: Pool,
  { launch, target, left }: { launch: Launch; target: Target; left: number },
): readonly Gate[] {
  const { market } = target;
  const { now } = launch.fleet;
  return [
    { max: launch.isThrottled ? 0 : tokens(world, now, left), error: throttled },
    quotaGate(world, pool, target),
    { max: roomIn(world, pool, { market, now }), error: () => capacityError(world, pool, { target, now }) },
    { max: pool.subnet.freeIps(), error: () => subnetFull(pool) },
  ];
}

function tokens(world: World, now: number, wanted: number): number {
  const left = world.buckets.resource('RunInstances').left(now);
  return world.knobs.shortResourceTokens === 'partial' || left >= wanted ? left : 0;
}

/** New accounts start at about 5; a model without the setting has room for a benchmark. */
const VCPUS_MAX = { spot: 100_000, 'on-demand': 100_000 };

function quotaGate(world: World, { type }: Pool, { market }: Target): Gate {
  const vcpusMax = (world.options.vcpusMax ?? VCPUS_MAX)[market];
  const error = () =>
    market === 'spot'
      ? ec2Error('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded')
      : ec2Error(
          'VcpuLimitExceeded',
          `You have requested more vCPU capacity than your current vCPU limit of ${vcpusMax} allows for the ` +
            'instance bucket that the specified instance type belongs to.',
        );
  return { max: Math.floor((vcpusMax - world.vcpus[market]) / type.vcpus), error };
}

function capacityError(world: World, pool: Pool, { target, now }: { target: Target; now: number }): Ec2Error {
  const offer = { instanceType: pool.type.name, zone: pool.subnet.zone, market: target.market };
  const code = world.options.weather?.offer?.(offer, now)?.code ?? 'InsufficientInstanceCapacity';
  return ec2Error(
    code,
    `We currently do not have sufficient ${offer.instanceType} capacity in the Availability Zone you requested ` +
      `(${offer.zone}). Our system will be working on provisioning additional capacity.`,
  );
}

const subnetFull = ({ subnet }: Pool): Ec2Error =>
  ec2Error(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.subnetId}' to satisfy the requested number of instances.`,
  );

/** With instance tags in the metadata, tag keys become paths: a blank or a slash in one fails the launch. */
function metadataTagProblem({ version, tags }: Pool, fleet: Fleet): Ec2Error | undefined {
  if (version.data.MetadataOptions?.InstanceMetadataTags !== 'enabled') return undefined;
  const bad = [...tags, ...fleet.tags].find(({ Key: key = '' }) => /[\s/]/.test(key));
  return bad === undefined
    ? undefined
    : invalid(`'${bad.Key}' is not a valid tag key for instance metadata: want no blank and no slash.`);
}

function bearAll(
  world: World,
  pool: Pool,
  { launch, target, launched, count }: { launch: Launch; target: Target; launched: Launched; count: number },
): FleetInstances {
  const { fleet } = launch;
  const { market } = target;
  const reservationId = `r-0${fleet.fleetId.slice(-12)}${String(launched.instances.length).padStart(4, '0')}`;
  const ids = Array.from({ length: count }, () => {
    const birth = { market, launchIndex: launch.firstIndex + launched.count++, reservationId };
    return bear(world, { pool, fleet, birth }).instanceId;
  });
  return {
    LaunchTemplateAndOverrides: pool.described,
    Lifecycle: market,
    InstanceIds: ids,
    InstanceType: pool.type.name,
    AvailabilityZone: pool.subnet.zone,
    SubnetId: pool.subnet.subnetId,
  };
}

const fleetError = (candidate: Candidate, market: Target['market'], error: Ec2Error): FleetError => ({
  LaunchTemplateAndOverrides: candidate.described,
  Lifecycle: market,
  ErrorCode: error.code,
  ErrorMessage: error.message,
});
