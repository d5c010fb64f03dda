import type {
  DescribedInstance,
  DescribeInstancesInput,
  DescribeInstancesResult,
  Filter,
} from './describe-types.ts';
import { describe, factsAt } from './described.ts';
import { answered, type Ec2Answer, ec2Error, refused } from './errors.ts';
import { isPattern, matcher } from './filters.ts';
import type { Instance } from './instance.ts';
import { pageStart, pageToken } from './paging.ts';
import { malformed, noInstances } from './tags.ts';
import { type Call, call, carriersOf, type Listing, seen, type World } from './world.ts';

/**
 * Shows instances as they were a moment ago: new ones may be missing, states may be old, and the ended stay for an hour.
 * By ids, one unknown id fails the whole call.
 */
export function describeInstances(
  world: World,
  input: DescribeInstancesInput,
  at: number,
): Ec2Answer<DescribeInstancesResult> {
  const { InstanceIds: ids = [], Filters: filters = [], MaxResults: pageMax } = input;
  const asksForAll = ids.length === 0 && filters.length === 0 && pageMax === undefined;
  const door: Call = { action: 'DescribeInstances', now: at, dryRun: input.DryRun, asksForAll };
  return call(world, door, (now) => {
    const key = filters.length === 0 ? '' : JSON.stringify(filters);
    const after = pageStart(input, { ids: ids.length, key });
    if (!after.ok) return after;
    const found = find(world, { ids, filters, after: after.value, now, pageMax });
    if (!found.ok) return found;
    const page = pageMax === undefined ? found.value : found.value.slice(0, pageMax);
    const last = page.length < found.value.length ? page.at(-1) : undefined;
    return answered({
      Reservations: reservationsOf(world, page, now),
      ...(last && { NextToken: pageToken(last.sequence, key) }),
    });
  });
}

type Search = {
  readonly ids: readonly string[];
  readonly filters: readonly Filter[];
  readonly after: number;
  readonly now: number;
  readonly pageMax: number | undefined;
};

/** In order of birth; for a page, at least one more than it holds if there are more. */
function find(world: World, { ids, filters, after, now, pageMax }: Search): Ec2Answer<Instance[]> {
  const named = ids.length > 0 ? byIds(world, ids) : undefined;
  if (named !== undefined && !named.ok) return named;
  const zones = new Set(world.options.weather?.impairedZones?.(now) ?? []);
  if (zones.size > 0 && (named === undefined || named.value.some((one) => zones.has(one.zone)))) {
    return refused(ec2Error('InternalError', 'An internal error has occurred'));
  }
  const fits = matcher<Instance>(filters, { facts: factsAt(now), tags: (instance) => instance.tags });
  if (!fits.ok) return fits;
  if (named !== undefined) return answered(named.value.filter(fits.value).sort(byBirth));
  const isSeen = seenBy(now, filters);
  const { members, isOrdered } = smallestListing(world, filters);
  const enough = isOrdered && pageMax !== undefined ? pageMax : Number.POSITIVE_INFINITY;
  const found: Instance[] = [];
  for (const instance of members) {
    if (instance.sequence > after && isSeen(instance) && fits.value(instance)) found.push(instance);
    if (found.length > enough) break;
  }
  return answered(isOrdered ? found : found.sort(byBirth));
}

const byBirth = (a: Instance, b: Instance) => a.sequence - b.sequence;

function byIds(world: World, ids: readonly string[]): Ec2Answer<readonly Instance[]> {
  const problem = malformed(ids);
  if (problem !== undefined) return refused(problem);
  const unique = [...new Set(ids)];
  const found = unique.flatMap((id) => seen(world, id) ?? []);
  if (found.length === unique.length) return answered(found);
  return refused(noInstances(unique.filter((id) => seen(world, id) === undefined)));
}

/** Which instances can be in the answer at all: the smallest set that an index gives. */
function smallestListing(world: World, filters: readonly Filter[]): Listing {
  let smallest: Listing = { members: world.shown, isOrdered: true };
  for (const { Name: name = '', Values: values = [] } of filters) {
    const [value = ''] = values;
    const other = name.startsWith('tag:')
      ? values.length === 1 && !isPattern(value) && carriersOf(world, name.slice('tag:'.length), value)
      : isOfLiving(name, values) && { members: world.unburied, isOrdered: true };
    if (other && other.members.size < smallest.members.size) smallest = other;
  }
  return smallest;
}

const isOfLiving = (name: string, values: readonly string[]): boolean =>
  name === 'instance-state-name' && !values.some((one) => one === 'terminated' || isPattern(one));

function seenBy(now: number, filters: readonly Filter[]): (instance: Instance) => boolean {
  const isByTag = filters.some(({ Name: name = '' }) => name === 'tag-key' || name.startsWith('tag:'));
  return (instance) => (isByTag ? instance.indexedFrom : instance.seenFrom) <= now;
}

function reservationsOf(world: World, page: readonly Instance[], now: number) {
  const reservations = new Map<string, DescribedInstance[]>();
  for (const instance of page) {
    const members = reservations.get(instance.reservationId);
    if (members === undefined) reservations.set(instance.reservationId, [describe(instance, now)]);
    else members.push(describe(instance, now));
  }
  return [...reservations].map(([ReservationId, Instances]) => ({
    ReservationId,
    OwnerId: world.options.accountId,
    Instances,
  }));
}
