import type { FrozenRequest, JobItem, LaunchItem, PoolItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { DeployedPools, Pool, Settings, Subnets } from '../contracts/settings.ts';
import { TAG } from '../contracts/tags.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import type { LaunchAnswer, LaunchedInstance } from '../ports/instances.ts';
import type { Fault } from '../ports/outcome.ts';
import { groupOf, shapeOf, targetOf } from './group.ts';
import type { Place } from './job.ts';
import { CAPACITY_SPACING, spacingMs, UNSURE_LAUNCH_MS } from './spacing.ts';

/** What was deployed: pools with their templates and images, and the subnets. */
export interface Deployment {
  readonly stackId: string;
  readonly settings: Settings;
  readonly pools: DeployedPools;
  readonly subnets: Subnets;
}

/** The rules an instance lives by: stored at launch, told at the claim. */
export const RUNNER_GRACE_MS = 30_000;
export const HEARTBEAT_MS = 60_000;

/** Where a job belongs today. A deploy that changed the image moves waiting jobs to the new shape. */
export function placeOf(job: JobItem, pool: Pool, deployment: Deployment): Place | undefined {
  const deployed = deployment.pools[pool.name];
  if (deployed === undefined || job.installationId === null) return undefined;
  const shape = shapeOf(pool, deployed.imageId, deployed.templateVersion);
  const target = targetOf(deployment.settings, pool, { ...job, installationId: job.installationId });
  return { pool: pool.name, shape, group: groupOf(shape, target, job.repository) };
}

/** The launch item before its call: the frozen request, and what each instance will be for. */
export function planLaunch(
  jobs: readonly JobItem[],
  pool: Pool,
  deployment: Deployment,
  how: { readonly ticket: string; readonly market: 'spot' | 'on-demand'; readonly now: number },
): LaunchItem {
  const deployed = deployment.pools[pool.name];
  const [first] = jobs;
  if (deployed === undefined || first === undefined)
    throw new Error(`planLaunch: pool ${pool.name} is not deployed or no job is given`);
  const shape = shapeOf(pool, deployed.imageId, deployed.templateVersion);
  const targets: LaunchItem['targets'] = {};
  const units = jobs.map((job) => {
    const target = targetOf(deployment.settings, pool, { ...job, installationId: job.installationId ?? '' });
    const group = groupOf(shape, target, job.repository);
    targets[group] = target;
    return { jobId: job.jobId, attempt: job.intent.attempt, group };
  });
  return {
    v: SCHEMA_VERSION,
    rev: 0,
    kind: 'launch',
    ticket: how.ticket,
    pool: pool.name,
    shape,
    state: 'open',
    request: frozen({ count: jobs.length, pool, deployed, deployment, shape }, how),
    targets,
    rules: {
      hardening: pool.hardening,
      lifetimeMaxMs: pool.limits.lifetimeMaxMs,
      idleMaxMs: pool.limits.idleMaxMs,
      graceMs: RUNNER_GRACE_MS,
      heartbeatMs: HEARTBEAT_MS,
    },
    claimDeadlineMs: pool.limits.claimDeadlineMs,
    units,
    instances: [],
    replays: 0,
    createdAt: how.now,
    due: how.now + LAUNCH_DUE_MS,
    expiresAtSeconds: null,
  };
}

/** A dispatch that died inside its launch is repaired after this: longer than its time limit (15 s). */
const LAUNCH_DUE_MS = 20_000;

function frozen(
  what: { count: number; pool: Pool; deployed: DeployedPools[string]; deployment: Deployment; shape: string },
  how: { ticket: string; market: 'spot' | 'on-demand' },
): FrozenRequest {
  const { pool, deployed, deployment } = what;
  return {
    ticket: how.ticket,
    count: what.count,
    market: how.market,
    templateId: deployed.templateId,
    templateVersion: deployed.templateVersion,
    imageId: deployed.imageId,
    overrides: pool.types.flatMap((instanceType) =>
      deployment.subnets.map(({ id, zone }) => ({ instanceType, subnetId: id, zone })),
    ),
    tags: {
      [TAG.stack]: deployment.stackId,
      [TAG.pool]: pool.name,
      [TAG.shape]: what.shape,
      [TAG.ticket]: how.ticket,
    },
  };
}

/** What a launch gave, unit by unit. Partial success is a result, not an error. */
export interface LaunchResult {
  readonly served: readonly {
    readonly instance: LaunchedInstance;
    readonly unit: LaunchItem['units'][number];
  }[];
  readonly unserved: readonly LaunchItem['units'][number][];
  /** Why units were not served, and how that counts against the pool. */
  readonly reason: Reason;
  readonly holdsPool: boolean;
  /** Nothing certain is known: look by the ticket's tag before anything else. */
  readonly isUnsure: boolean;
}

/** EC2 may give more instances than asked: the surplus serves the last unit's group. */
export function settleLaunch(launch: LaunchItem, answer: LaunchAnswer): LaunchResult {
  const { units } = launch;
  const last = units.at(-1);
  const served = answer.instances.flatMap((instance, index) => {
    const unit = units[index] ?? last;
    return unit === undefined ? [] : [{ instance, unit }];
  });
  const unserved = units.slice(answer.instances.length);
  const isUnsure = answer.instances.length === 0 && answer.faults.length === 0;
  const { reason, holdsPool } = reasonOf(answer.faults.map(({ fault }) => fault));
  return { served, unserved, reason, holdsPool, isUnsure };
}

/** Account-level limits: they hold a whole market, not one offer (aws.md §1.4, §11 case 8). */
const ACCOUNT_LIMITS: readonly string[] = [
  'VcpuLimitExceeded',
  'MaxSpotInstanceCountExceeded',
  'MaxFleetCountExceeded',
  'PendingVerification',
];

/** A throttle inside a 200 is never exhaustion; exhaustion only if every offer says so (aws.md §1.9). */
export function reasonOf(faults: readonly Fault[]): { readonly reason: Reason; readonly holdsPool: boolean } {
  if (faults.some(({ code }) => ACCOUNT_LIMITS.includes(code)))
    return { reason: 'account-limit', holdsPool: true };
  if (faults.some(({ kind }) => kind === 'busy')) return { reason: 'launch-throttled', holdsPool: false };
  if (faults.some(({ kind }) => kind === 'refused')) return { reason: 'launch-refused', holdsPool: true };
  if (faults.some(({ kind }) => kind === 'unsure')) return { reason: 'launch-unsure', holdsPool: false };
  return { reason: 'capacity-exhausted', holdsPool: false };
}

/** When unserved jobs are tried again. */
export function retryAt(reason: Reason, attempt: number, pool: PoolItem | undefined, now: number): number {
  if (reason === 'account-limit' || reason === 'launch-refused')
    return pool?.heldUntil ?? now + CAPACITY_SPACING.maxMs;
  if (reason === 'launch-unsure') return now + UNSURE_LAUNCH_MS;
  return now + spacingMs(Math.max(0, attempt - 1), CAPACITY_SPACING.baseMs, CAPACITY_SPACING.maxMs);
}

export const resolved = (
  launch: LaunchItem,
  instances: readonly string[],
  expiresAtSeconds: number,
): LaunchItem => ({
  ...launch,
  state: 'resolved',
  instances: [...new Set([...launch.instances, ...instances])],
  due: null,
  expiresAtSeconds,
});
