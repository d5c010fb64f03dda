import type { InstanceType, Market } from './catalogue.ts';

export type StateName = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** Numbers that EC2 gives the states. */
export const STATE_CODES: Readonly<Record<StateName, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export type MetadataOptions = {
  readonly HttpEndpoint: 'enabled' | 'disabled';
  readonly HttpTokens: 'required' | 'optional';
  readonly HttpPutResponseHopLimit: number;
  readonly HttpProtocolIpv6: 'enabled' | 'disabled';
  readonly InstanceMetadataTags: 'enabled' | 'disabled';
};

export type Why = { readonly code: string; readonly message: string };

/** A change of state, as it truly happened. */
export type Passage = { readonly at: number; readonly state: StateName };

/** An instance as it truly is; what callers are shown lags behind (`describe.ts`). Times are epoch ms. */
export type Instance = {
  readonly instanceId: string;
  /** Order of birth in this model: listings and pages follow it. */
  readonly sequence: number;
  readonly reservationId: string;
  readonly fleetId: string;
  /** The client token of its launch. */
  readonly ticket: string;
  readonly launchIndex: number;
  readonly market: Market;
  readonly type: InstanceType;
  readonly usdPerHour: number;
  readonly zone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly imageId: string;
  readonly privateIp: string;
  readonly userData: string;
  readonly shutdownBehavior: 'stop' | 'terminate';
  readonly rootVolumeGib: number;
  readonly launchedAt: number;
  /** From when calls know the id, and from when filters by tag find it. */
  readonly seenFrom: number;
  readonly indexedFrom: number;
  readonly staleMs: number;
  readonly tags: Map<string, string>;
  /** Never empty; the last entry is now. */
  readonly passages: Passage[];
  state: StateName;
  /** Counts against the vCPU quota: from birth until stopped or terminated. */
  holdsVcpus: boolean;
  /** Its end skips the operating system. */
  endsAbruptly: boolean;
  /** What the metadata service does, and what was asked of it since. */
  metadata: MetadataOptions;
  metadataWanted: MetadataOptions;
  why: Why | undefined;
  transitionReason: string;
  /** Set once EC2 has decided to reclaim it, whether or not it told anybody. */
  reclaim: { readonly at: number; readonly endsAt: number; readonly announced: boolean } | undefined;
};

/** Reads of the truth, for tests, accounts and drivers. */
export type InstanceTruth = Readonly<Omit<Instance, 'tags' | 'passages'>> & {
  readonly tags: ReadonlyMap<string, string>;
  readonly passages: readonly Passage[];
};

/** When it entered a state, if it ever did. */
export const enteredAt = (instance: InstanceTruth, state: StateName): number | undefined =>
  instance.passages.find((passage) => passage.state === state)?.at;

export const isEnded = (instance: InstanceTruth): boolean =>
  instance.state === 'shutting-down' || instance.state === 'terminated';

/** AWS bills Linux by the second, a minute at least, from running until it stops running. */
const BILLED_MIN_MS = 60_000;

/** What the instance has cost by `now`, volumes and traffic apart; exact to the millisecond, in USD. */
export function usdOf(instance: InstanceTruth, now: number): number {
  const from = enteredAt(instance, 'running');
  if (from === undefined) return 0;
  const end = instance.passages.find((passage) => passage.at >= from && passage.state !== 'running');
  const billedMs = Math.max(BILLED_MIN_MS, Math.min(now, end?.at ?? now) - from);
  return (instance.usdPerHour * billedMs) / 3_600_000;
}
