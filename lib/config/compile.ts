import { type Settings, settings } from '../../lambdas/contracts/settings.ts';
import { SCHEMA_VERSION } from '../../lambdas/contracts/text.ts';
import { compileAdmission } from './compile-admission.ts';
import type { MayflyInput, NetworkInput, PoolInput } from './schema.ts';

const MINUTE_MS = 60_000;
const CIDR_DEFAULT = '10.83.0.0/16';
const ZONES_DEFAULT = 2;

/** An AMI by its id, or the SSM parameter that holds it and is read at each deploy. */
export type ImagePlan = { readonly rootDevice: string } & (
  | { readonly ami: string }
  | { readonly ssm: string }
);

export interface VolumePlan {
  readonly sizeGiB: number;
  readonly iops: number | undefined;
  readonly throughputMiBps: number | undefined;
}

export interface PoolPlan {
  readonly name: string;
  readonly image: ImagePlan;
  readonly volume: VolumePlan;
}

export type NetworkPlan = { readonly publicIp: boolean; readonly egressTcpPorts: readonly number[] } & (
  | {
      readonly kind: 'own';
      readonly cidr: string;
      readonly zones: number;
      /** Names that may be looked up besides those of GitHub; undefined allows all. */
      readonly egressDomains: readonly string[] | undefined;
    }
  | {
      readonly kind: 'existing';
      readonly vpcId: string;
      readonly subnetByZone: Readonly<Record<string, string>>;
    }
);

/** What mayfly.yaml means: what the functions read, and what only the stack needs. */
export interface MayflyConfig {
  /** Goes into every function's bundle. */
  readonly settings: Settings;
  readonly githubUrl: string;
  readonly pools: readonly PoolPlan[];
  readonly network: NetworkPlan;
  /** How instances reach the claim. */
  readonly claimAccess: 'public' | 'private';
  /** Reserved concurrency, where wished. */
  readonly concurrency: { readonly webhook: number | undefined; readonly claim: number | undefined };
}

/** From a checked input. Throws only if the checks let something through that the contract refuses: our bug. */
export function compile(input: MayflyInput): MayflyConfig {
  const pools = Object.entries(input.pools);
  return {
    settings: settings.parse({
      v: SCHEMA_VERSION,
      github: {
        scope: input.github.scope,
        owners: [...new Set(input.github.owners.map((owner) => owner.toLowerCase()))],
      },
      pools: pools.map(([name, pool]) => poolSettings(name, pool)),
      costs: {
        publicIp: input.network.publicIp,
        platformMicroUsdPerMinute: Math.round(input.costs.platformUsdPerMinute * 1_000_000),
      },
    }),
    githubUrl: input.github.url,
    pools: pools.map(([name, pool]) => ({ name, image: imagePlan(pool), volume: volumePlan(pool) })),
    network: networkPlan(input.network),
    claimAccess: input.claim,
    concurrency: { webhook: input.concurrency.webhook, claim: input.concurrency.claim },
  };
}

const poolSettings = (name: string, pool: PoolInput): Settings['pools'][number] => ({
  name,
  labels: pool.labels.map((label) => label.toLowerCase()),
  keyLabel: pool.keyLabel.toLowerCase(),
  arch: pool.arch,
  types: pool.types,
  market: pool.market,
  hardening: pool.hardening,
  runnerGroupId: pool.runnerGroupId,
  admission: compileAdmission(pool.admission),
  volume: volumePlan(pool),
  limits: {
    runnersMax: pool.limits.runnersMax,
    lifetimeMaxMs: pool.limits.lifetimeMaxMinutes * MINUTE_MS,
    idleMaxMs: pool.limits.idleMaxMinutes * MINUTE_MS,
    claimDeadlineMs: pool.limits.claimDeadlineMinutes * MINUTE_MS,
  },
});

function imagePlan({ image }: PoolInput): ImagePlan {
  const { ami, ssm, rootDevice } = image;
  if (ami !== undefined) return { rootDevice, ami };
  if (ssm !== undefined) return { rootDevice, ssm };
  throw new Error('a pool has no image, although its configuration was checked');
}

const volumePlan = ({ volume }: PoolInput): VolumePlan => ({
  sizeGiB: volume.sizeGiB,
  iops: volume.iops,
  throughputMiBps: volume.throughputMiBps,
});

function networkPlan(network: NetworkInput): NetworkPlan {
  const { publicIp, egressTcpPorts, vpcId, subnets } = network;
  const common = { publicIp, egressTcpPorts: [...new Set(egressTcpPorts)].sort((a, b) => a - b) };
  if (vpcId !== undefined) return { ...common, kind: 'existing', vpcId, subnetByZone: subnets ?? {} };
  return {
    ...common,
    kind: 'own',
    cidr: network.cidr ?? CIDR_DEFAULT,
    zones: network.zones ?? ZONES_DEFAULT,
    egressDomains: network.egressDomains,
  };
}
