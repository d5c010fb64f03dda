import type { Market } from './catalogue.ts';
import { type Ec2Error, ec2Error, invalid, missing } from './errors.ts';
import type { CreateFleetInput, Tag } from './fleet-types.ts';
import { tagProblem } from './tags.ts';

/** EC2's limits for one instant fleet. */
const TARGET_MAX = 10_000;
const CONFIGS_MAX = 50;
const TOKEN_MAX_CHARS = 64;

/** The allocation strategies that the model follows; EC2 knows more. */
const STRATEGIES: Readonly<Record<Market, readonly string[]>> = {
  spot: ['price-capacity-optimized', 'capacity-optimized-prioritized', 'lowest-price'],
  'on-demand': ['lowest-price', 'prioritized'],
};

/** What EC2 takes where the request says nothing. */
const DEFAULT_STRATEGY = 'lowest-price';

export type Target = { readonly market: Market; readonly count: number; readonly strategy: string };

/** Why a request is refused as a whole, from its own text alone. */
export function requestProblem(input: CreateFleetInput): Ec2Error | undefined {
  const { Type: type = 'maintain', LaunchTemplateConfigs: configs = [] } = input;
  if (type !== 'instant') return invalid(`Type: the local EC2 launches instant fleets only, got ${type}`);
  if (configs.length === 0) return missing('LaunchTemplateConfigs');
  if (configs.length > CONFIGS_MAX) return invalid(`want ${CONFIGS_MAX} LaunchTemplateConfigs at most`);
  return (
    tokenProblem(input.ClientToken) ?? capacityProblem(input) ?? optionsProblem(input) ?? tagsProblem(input)
  );
}

function tokenProblem(token: string | undefined): Ec2Error | undefined {
  if (token === undefined) return undefined;
  const isAscii = /^[\x21-\x7e]+$/.test(token);
  return isAscii && token.length <= TOKEN_MAX_CHARS
    ? undefined
    : invalid(`ClientToken: want 1 to ${TOKEN_MAX_CHARS} ASCII characters, got ${token.length} characters`);
}

function capacityProblem(input: CreateFleetInput): Ec2Error | undefined {
  const capacity = input.TargetCapacitySpecification;
  const total = capacity?.TotalTargetCapacity;
  if (capacity === undefined || total === undefined)
    return missing('TargetCapacitySpecification.TotalTargetCapacity');
  if (!(Number.isInteger(total) && total >= 1 && total <= TARGET_MAX)) {
    return invalid(`TotalTargetCapacity: want a whole number from 1 to ${TARGET_MAX}, got ${total}`);
  }
  const { TargetCapacityUnitType: unit = 'units', DefaultTargetCapacityType: fallback = 'on-demand' } =
    capacity;
  if (unit !== 'units')
    return invalid(`TargetCapacityUnitType: the local EC2 counts units only, got ${unit}`);
  if (fallback !== 'spot' && fallback !== 'on-demand') {
    return invalid(`DefaultTargetCapacityType: want spot or on-demand, got ${fallback}`);
  }
  const [spot, onDemand] = [capacity.SpotTargetCapacity ?? 0, capacity.OnDemandTargetCapacity ?? 0];
  return spot >= 0 && onDemand >= 0 && spot + onDemand <= total
    ? undefined
    : ec2Error('InvalidTargetCapacitySpecification', 'The sum of the target capacities exceeds the total.');
}

function optionsProblem(input: CreateFleetInput): Ec2Error | undefined {
  const behavior = input.SpotOptions?.InstanceInterruptionBehavior ?? 'terminate';
  if (behavior !== 'terminate')
    return invalid(`InstanceInterruptionBehavior: want terminate, got ${behavior}`);
  const wrong = targetsOf(input).find(({ market, strategy }) => !STRATEGIES[market].includes(strategy));
  if (wrong === undefined) return undefined;
  const { market, strategy } = wrong;
  return invalid(
    `AllocationStrategy for ${market}: want one of ${STRATEGIES[market].join(', ')}, got ${strategy}`,
  );
}

const TAGGED = ['instance', 'fleet', 'volume'];

function tagsProblem(input: CreateFleetInput): Ec2Error | undefined {
  for (const { ResourceType: type = '', Tags: tags = [] } of input.TagSpecifications ?? []) {
    if (!TAGGED.includes(type))
      return invalid(`'${type}' is not a valid taggable resource type for this operation.`);
    const problem = tagProblem(tags);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** How many of which market, on-demand first; markets without a share are left out. */
export function targetsOf(input: CreateFleetInput): readonly Target[] {
  const capacity = input.TargetCapacitySpecification ?? {};
  const total = capacity.TotalTargetCapacity ?? 0;
  const asked = { spot: capacity.SpotTargetCapacity ?? 0, 'on-demand': capacity.OnDemandTargetCapacity ?? 0 };
  const rest = total - asked.spot - asked['on-demand'];
  asked[capacity.DefaultTargetCapacityType === 'spot' ? 'spot' : 'on-demand'] += rest;
  const strategies = {
    spot: input.SpotOptions?.AllocationStrategy ?? DEFAULT_STRATEGY,
    'on-demand': input.OnDemandOptions?.AllocationStrategy ?? DEFAULT_STRATEGY,
  };
  const markets: readonly Market[] = ['on-demand', 'spot'];
  return markets
    .map((market) => ({ market, count: asked[market], strategy: strategies[market] }))
    .filter(({ count }) => count > 0);
}

export const instanceTags = (input: CreateFleetInput): readonly Tag[] =>
  (input.TagSpecifications ?? []).flatMap((one) => (one.ResourceType === 'instance' ? (one.Tags ?? []) : []));

/** The request as text: what the same client token must always carry. */
export const requestText = ({ ClientToken: _token, DryRun: _dryRun, ...rest }: CreateFleetInput): string =>
  JSON.stringify(rest);

/** Whether two texts are the same request, in whatever order their members stand. */
export const isSameRequest = (one: string, other: string): boolean =>
  one === other || JSON.stringify(sorted(JSON.parse(one))) === JSON.stringify(sorted(JSON.parse(other)));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
