import type { JobItem, RunnerItem } from '../contracts/ledger.ts';
import type { PriceBook } from '../contracts/prices.ts';
import type { Settings } from '../contracts/settings.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import type { UsageRecord } from '../contracts/usage.ts';
import { isFailedBoot } from './breaker.ts';
import { sha256 } from './hash.ts';
import { microUsd, split } from './money.ts';
import { type Price, priceOf } from './price.ts';
import {
  CONTROL_PLANE_MICRO_USD,
  githubHostedPerMinute,
  HOURS_PER_MONTH,
  IPV4_USD_PER_HOUR,
  VOLUME_FREE,
  VOLUME_USD,
} from './price-tables.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** EC2 bills each start for a minute at least. */
const BILLED_MIN_S = 60;

export interface UsageFacts {
  readonly runner: RunnerItem;
  /** The job it ran, if any is known. */
  readonly job: JobItem | undefined;
  readonly settings: Settings;
  readonly book: PriceBook | undefined;
  readonly revision: number;
  readonly now: number;
}

interface Span {
  readonly startAt: number;
  readonly endAt: number;
  readonly billedSeconds: number;
}

/** What is billed: from running (or, not known, from the launch) to the end, in whole seconds, a minute at least. */
function spanOf({ at }: RunnerItem, endAt: number): Span {
  const startAt = Math.min(at.running ?? at.launched, endAt);
  const seconds = Math.ceil((endAt - startAt) / 1000);
  return { startAt, endAt, billedSeconds: Math.max(BILLED_MIN_S, seconds) };
}

/** The whole record of a runner that has ended, priced. Pure: the same facts give the same record. */
export function usageOf(facts: UsageFacts): UsageRecord {
  const { runner, job, settings, revision, now } = facts;
  const { at } = runner;
  const endAt = at.ended ?? now;
  const span = spanOf(runner, endAt);
  const price = priceOf(runner, { from: span.startAt, to: endAt }, facts.book);
  const costs = costsOf(facts, span, price);
  const jobStartedAt = job?.at.started ?? at.busy;
  return {
    v: SCHEMA_VERSION,
    revision,
    written_at: now,
    instance_id: runner.instanceId,
    ticket: runner.ticket,
    pool: runner.pool,
    instance_type: runner.instanceType,
    zone: runner.zone,
    market: runner.market,
    image_id: runner.imageId,
    ...jobColumns(job, runner),
    queued_at: job?.at.queued ?? null,
    admitted_at: job?.at.admitted ?? null,
    launched_at: at.launched,
    running_at: at.running ?? at.launched,
    claimed_at: at.claimed,
    online_at: at.online,
    job_started_at: jobStartedAt,
    job_ended_at: jobStartedAt === null ? null : (job?.at.completed ?? at.finished),
    terminated_at: endAt,
    end_reason: runner.intent.end ?? runner.notice?.reason ?? 'instance-ended',
    estimated: [
      ...(at.running === null ? ['running_at'] : []),
      ...(price.isEstimated ? ['price'] : []),
      'control_plane',
    ],
    billed_seconds: span.billedSeconds,
    price_micro_usd_per_hour: price.microUsdPerHour,
    price_source: price.source,
    price_at: price.at,
    ...volumeOf(runner, settings),
    ...costs,
    ...wasteOf(facts, span, costs),
    github_hosted_micro_usd: hostedOf(runner.instanceType, job),
    on_demand_micro_usd: onDemandOf(facts, span),
  };
}

type JobColumns = Pick<
  UsageRecord,
  | 'job_id'
  | 'run_id'
  | 'run_attempt'
  | 'job_name'
  | 'workflow'
  | 'repository'
  | 'actor'
  | 'labels'
  | 'conclusion'
>;

const jobColumns = (job: JobItem | undefined, runner: RunnerItem): JobColumns => ({
  job_id: job?.jobId ?? runner.job,
  run_id: job?.runId ?? runner.run?.runId ?? null,
  run_attempt: job?.runAttempt ?? runner.run?.runAttempt ?? null,
  job_name: job?.name ?? null,
  workflow: job?.workflowName ?? null,
  repository: job?.repository.fullName.toLowerCase() ?? null,
  actor: job?.senderLogin?.slice(0, 100) ?? null,
  labels: [...(job?.labels ?? [])],
  conclusion: job?.conclusion ?? null,
});

/** EBS's own sizes where the pool is gone from the configuration or says nothing. */
function volumeOf({ pool }: RunnerItem, { pools }: Settings) {
  const volume = pools.find(({ name }) => name === pool)?.volume;
  return {
    volume_gib: volume?.sizeGiB ?? 8,
    volume_iops: volume?.iops ?? VOLUME_FREE.iops,
    volume_throughput_mibps: volume?.throughputMiBps ?? VOLUME_FREE.throughputMiBps,
  };
}

type Costs = Pick<
  UsageRecord,
  | 'compute_micro_usd'
  | 'volume_micro_usd'
  | 'ipv4_micro_usd'
  | 'volume_initialization_micro_usd'
  | 'control_plane_micro_usd'
  | 'platform_micro_usd'
  | 'total_micro_usd'
>;

function costsOf({ runner, job, settings }: UsageFacts, span: Span, price: Price): Costs {
  const livedHours = (span.endAt - Math.min(runner.at.launched, span.endAt)) / HOUR_MS;
  const volume = volumeOf(runner, settings);
  const perMonth =
    volume.volume_gib * VOLUME_USD.gibMonth +
    Math.max(0, volume.volume_iops - VOLUME_FREE.iops) * VOLUME_USD.iopsMonth +
    Math.max(0, volume.volume_throughput_mibps - VOLUME_FREE.throughputMiBps) * VOLUME_USD.mibpsMonth;
  const perMinute = settings.costs?.platformMicroUsdPerMinute ?? 0;
  const parts = {
    compute_micro_usd: Math.round((span.billedSeconds * price.microUsdPerHour) / 3_600),
    volume_micro_usd: microUsd((perMonth * livedHours) / HOURS_PER_MONTH),
    ipv4_micro_usd: settings.costs?.publicIp === false ? 0 : microUsd(IPV4_USD_PER_HOUR * livedHours),
    // Launch templates ask for no initialization rate, so EBS charges none.
    volume_initialization_micro_usd: 0,
    control_plane_micro_usd: CONTROL_PLANE_MICRO_USD,
    platform_micro_usd: minutesOf(job) * perMinute,
  };
  return { ...parts, total_micro_usd: Object.values(parts).reduce((all, one) => all + one, 0) };
}

/** Minutes of the job as GitHub counts them: begun ones count whole. */
const minutesOf = (job: JobItem | undefined): number =>
  job?.at.started == null || job.at.completed === null
    ? 0
    : Math.ceil(Math.max(0, job.at.completed - job.at.started) / MINUTE_MS);

type Shares = Pick<UsageRecord, 'job_micro_usd' | Extract<keyof UsageRecord, `waste_${string}`>>;

const NO_SHARES: Shares = {
  job_micro_usd: 0,
  waste_boot_micro_usd: 0,
  waste_idle_micro_usd: 0,
  waste_failed_boot_micro_usd: 0,
  waste_interrupted_micro_usd: 0,
  waste_never_used_micro_usd: 0,
  waste_minimum_charge_micro_usd: 0,
};

/**
 * The machine's cost, split by what its time served. The platform's charge belongs to the job; the control plane's share
 * stands beside. The parts add up to the total.
 */
function wasteOf({ runner, job }: UsageFacts, span: Span, costs: Costs): Shares {
  const machine = costs.total_micro_usd - costs.control_plane_micro_usd - costs.platform_micro_usd;
  const startedAt = job?.at.started ?? runner.at.busy;
  if (startedAt === null) {
    // The question is about the rank it had before its end.
    const rank = runner.at.online === null ? 'launched' : 'online';
    const cause = isFailedBoot({ ...runner, rank })
      ? 'waste_failed_boot_micro_usd'
      : 'waste_never_used_micro_usd';
    return { ...NO_SHARES, [cause]: machine };
  }
  const within = (at: number): number => Math.min(Math.max(at, span.startAt), span.endAt);
  const start = within(startedAt);
  const online = Math.min(within(runner.at.online ?? startedAt), start);
  const end = Math.max(start, within(job?.at.completed ?? runner.at.finished ?? span.endAt));
  const unused = Math.max(0, span.billedSeconds * 1000 - (span.endAt - span.startAt));
  const isLost = runner.notice?.reason === 'spot-interruption' && job?.conclusion !== 'success';
  const weights = [end - start, online - span.startAt, start - online + (span.endAt - end), unused];
  const [used = 0, boot = 0, idle = 0, minimum = 0] = split(machine, weights);
  return {
    ...NO_SHARES,
    job_micro_usd: costs.platform_micro_usd + (isLost ? 0 : used),
    waste_interrupted_micro_usd: isLost ? used : 0,
    waste_boot_micro_usd: boot,
    waste_idle_micro_usd: idle,
    waste_minimum_charge_micro_usd: minimum,
  };
}

function hostedOf(instanceType: string, job: JobItem | undefined): number | null {
  const perMinute = githubHostedPerMinute(instanceType);
  const minutes = minutesOf(job);
  return perMinute === undefined || minutes === 0 ? null : minutes * perMinute;
}

function onDemandOf({ runner, book }: UsageFacts, span: Span): number | null {
  const offer = { ...runner, market: 'on-demand' as const };
  const price = priceOf(offer, { from: span.startAt, to: span.endAt }, book);
  return price.source === 'none' ? null : Math.round((span.billedSeconds * price.microUsdPerHour) / 3_600);
}

/** What a record says, whenever it was written: two of one digest need no further revision. */
export const digestOf = (record: UsageRecord): string =>
  sha256(JSON.stringify({ ...record, revision: 0, written_at: 0, price_at: 0 })).slice(0, 20);

/**
 * When a record is looked at again: an hour after the end, when webhooks that came late are in, and after 48 hours, when
 * the price history is whole. What is said then is final.
 */
export const LOOKS_AFTER_MS = [HOUR_MS, 48 * HOUR_MS] as const;

export function nextLook(endedAt: number, now: number): number | null {
  const after = LOOKS_AFTER_MS.find((ms) => endedAt + ms > now);
  return after === undefined ? null : endedAt + after;
}
