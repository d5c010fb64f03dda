import type { ApiLimits } from './buckets.ts';
import type { InstanceType, Market } from './catalogue.ts';
import type { Draw, RangeMs } from './draws.ts';
import type { Ec2Error } from './errors.ts';

export type SubnetSeed = {
  readonly subnetId: string;
  readonly zone: string;
  /** Addresses come from here; `/20` holds 4,091 instances, as AWS keeps five for itself. */
  readonly cidrBlock: string;
  /** Fewer free addresses than the block has room for. */
  readonly freeIps?: number;
  readonly vpcId?: string;
  readonly tags?: Readonly<Record<string, string>>;
};

export type ImageSeed = {
  readonly imageId: string;
  readonly architecture: InstanceType['architecture'];
  readonly name?: string;
  /** `available` unless told. A deregistered image is one that is not there. */
  readonly state?: 'pending' | 'available' | 'failed';
  readonly rootVolumeGib?: number;
  readonly tags?: Readonly<Record<string, string>>;
};

/** One thing that can run out: a type in a zone on a market. */
export type Offer = { readonly instanceType: string; readonly zone: string; readonly market: Market };

/** How many instances an offer can still give now, and the code of the refusal when that is not enough. */
export type OfferWeather = { readonly instancesMax: number; readonly code?: string };

/** What EC2 is like today. Pure: the same question at the same time has the same answer. */
export type Weather = {
  /** Undefined means plenty. */
  readonly offer?: (offer: Offer, now: number) => OfferWeather | undefined;
  /** Zones in which nothing can be described: such a call, and one that asks for all zones, fails. */
  readonly impairedZones?: (now: number) => readonly string[];
  /** Fails a whole call: an account limit (MaxFleetCountExceeded), InternalError, a throttle … */
  readonly callError?: (action: string, callNumber: number, now: number) => Ec2Error | undefined;
};

/** Everything unkind that has no single truth. Shares are of 1; every default is mild enough for a happy local run. */
export type Knobs = {
  /** How long DescribeInstances, TerminateInstances … do not know a new instance (InvalidInstanceID.NotFound). */
  readonly unseenMs: RangeMs;
  /** How long, from launch, a filter by tag misses an instance that is known by id already. */
  readonly unindexedMs: RangeMs;
  /** How old the state is that DescribeInstances shows; drawn once per instance, so a view never goes back. */
  readonly staleMs: RangeMs;
  /** pending → running. Published: 3–5 s, with rare tails. */
  readonly pendingMs: RangeMs;
  /** shutting-down → terminated, with the operating system taking its leave. */
  readonly shutdownMs: RangeMs;
  /** The same after SkipOsShutdown, or when the system was powered off from inside. */
  readonly hardShutdownMs: RangeMs;
  /** How long a change of metadata options stays pending. */
  readonly metadataApplyMs: RangeMs;
  /** How long terminated instances can be described: about an hour. */
  readonly terminatedShownMs: number;
  /** How long a client token is remembered. */
  readonly clientTokenMs: number;
  /** Instances, drawn by ticket and index, that run but never boot. */
  readonly neverBootsShare: number;
  /** Instances that go from pending to terminated (bad snapshot, KMS denied, volume limit). */
  readonly failsPendingShare: number;
  /** Launches that give one instance more than asked. */
  readonly surplusShare: number;
  /** Repeated client tokens answered without naming the instances, which AWS does not promise to do. */
  readonly forgetfulTokenShare: number;
  /** Launches that gave nothing whose token answers the same nothing again; else the repeat launches. */
  readonly stickyEmptyShare: number;
  /** Calls throttled although our buckets hold: somebody else in the account. */
  readonly throttleShare: number;
  /** Launches throttled inside a 200. */
  readonly fleetThrottleShare: number;
  /** When the instance tokens do not suffice: launch what they allow, or nothing. AWS does not say which. */
  readonly shortResourceTokens: 'partial' | 'nothing';
  /** Metadata changes that stay pending for ever. */
  readonly metadataStuckShare: number;
  /** Spot instances that are reclaimed, and when, counted from running. */
  readonly interruptionShare: number;
  readonly interruptionAfterMs: RangeMs;
  /** Interruptions that come without the two-minute notice, and with a rebalance recommendation before it. */
  readonly unannouncedShare: number;
  readonly rebalanceShare: number;
};

export const DEFAULT_KNOBS: Knobs = {
  unseenMs: { minMs: 0, maxMs: 2_000 },
  unindexedMs: { minMs: 0, maxMs: 2_000 },
  staleMs: { minMs: 0, maxMs: 2_000 },
  pendingMs: { minMs: 4_000, maxMs: 6_000 },
  shutdownMs: { minMs: 10_000, maxMs: 30_000 },
  hardShutdownMs: { minMs: 2_000, maxMs: 6_000 },
  metadataApplyMs: { minMs: 1_000, maxMs: 5_000 },
  terminatedShownMs: 3_600_000,
  clientTokenMs: 86_400_000,
  neverBootsShare: 0,
  failsPendingShare: 0,
  surplusShare: 0,
  forgetfulTokenShare: 0,
  stickyEmptyShare: 0,
  throttleShare: 0,
  fleetThrottleShare: 0,
  shortResourceTokens: 'partial',
  metadataStuckShare: 0,
  interruptionShare: 0,
  interruptionAfterMs: { minMs: 120_000, maxMs: 3_600_000 },
  unannouncedShare: 0,
  rebalanceShare: 0,
};

export type Ec2ModelOptions = {
  readonly draw: Draw;
  readonly accountId: string;
  readonly region: string;
  readonly subnets: readonly SubnetSeed[];
  readonly images: readonly ImageSeed[];
  /** The catalogue of this folder unless told. */
  readonly instanceTypes?: readonly InstanceType[];
  /** The documented numbers unless told. */
  readonly limits?: ApiLimits;
  /** vCPUs running at once, per market; 100,000 each unless told (a new account has about 5). */
  readonly vcpusMax?: Readonly<Record<Market, number>>;
  readonly knobs?: Partial<Knobs>;
  readonly weather?: Weather;
  /** Values behind `resolve:ssm:<name>` image ids. */
  readonly parameter?: (name: string) => string | undefined;
};
