import * as z from 'zod/mini';
import { epochMs, foreignText, githubId, instanceId, poolName, SCHEMA_VERSION, ticket } from './text.ts';

const at = z.nullable(epochMs);
/** A millionth of a US dollar; all money is whole micro-dollars. */
const microUsd = z.int();

/**
 * What one runner did and cost. Flat, because it is also the row of the lake: the same names are its columns. A later fact
 * writes a higher revision; readers take the highest; final 48 h after the end. Times are epoch milliseconds.
 */
export const usageRecord = z.object({
  v: z.literal(SCHEMA_VERSION),
  revision: z.int().check(z.positive()),
  written_at: epochMs,
  instance_id: instanceId,
  ticket,
  pool: poolName,
  instance_type: z.string(),
  zone: z.string(),
  market: z.enum(['spot', 'on-demand']),
  image_id: z.string(),
  /** The job it ran; null in all of them: none is known. */
  job_id: z.nullable(githubId),
  run_id: z.nullable(githubId),
  run_attempt: z.nullable(z.int()),
  job_name: z.nullable(foreignText(200)),
  workflow: z.nullable(foreignText(200)),
  repository: z.nullable(z.string()),
  actor: z.nullable(foreignText(100)),
  labels: z.array(foreignText(256)),
  conclusion: z.nullable(foreignText(40)),
  queued_at: at,
  admitted_at: at,
  launched_at: epochMs,
  running_at: at,
  claimed_at: at,
  online_at: at,
  job_started_at: at,
  job_ended_at: at,
  terminated_at: epochMs,
  /** Why it ended: a reason code. */
  end_reason: z.string(),
  /** What of this record is a guess, by name: a bill never looks more exact than it is. */
  estimated: z.array(z.string()),
  billed_seconds: z.int().check(z.nonnegative()),
  price_micro_usd_per_hour: microUsd,
  /** `none`: no price is known of the type, and compute is 0. */
  price_source: z.enum(['spot-history', 'on-demand-list', 'static-table', 'none']),
  /** As of when that price is known. */
  price_at: epochMs,
  volume_gib: z.int(),
  volume_iops: z.int(),
  volume_throughput_mibps: z.int(),
  compute_micro_usd: microUsd,
  volume_micro_usd: microUsd,
  ipv4_micro_usd: microUsd,
  volume_initialization_micro_usd: microUsd,
  control_plane_micro_usd: microUsd,
  platform_micro_usd: microUsd,
  total_micro_usd: microUsd,
  /** What of the total served the job; with the wastes and the control plane it adds up to the total, exactly. */
  job_micro_usd: microUsd,
  waste_boot_micro_usd: microUsd,
  waste_idle_micro_usd: microUsd,
  waste_failed_boot_micro_usd: microUsd,
  waste_interrupted_micro_usd: microUsd,
  waste_never_used_micro_usd: microUsd,
  waste_minimum_charge_micro_usd: microUsd,
  /** The same job on a GitHub-hosted runner with as many processors, minutes rounded up; null: no such runner, or no job. */
  github_hosted_micro_usd: z.nullable(microUsd),
  /** What the same seconds cost on demand; null where no such price is known. */
  on_demand_micro_usd: z.nullable(microUsd),
});
export type UsageRecord = z.infer<typeof usageRecord>;

type ColumnType = 'string' | 'int' | 'bigint' | 'array<string>';

/** The lake's columns, in order. The types are Hive's: those of the Glue table. */
export const USAGE_COLUMNS: Readonly<Record<keyof UsageRecord, ColumnType>> = {
  v: 'int',
  revision: 'int',
  written_at: 'bigint',
  instance_id: 'string',
  ticket: 'string',
  pool: 'string',
  instance_type: 'string',
  zone: 'string',
  market: 'string',
  image_id: 'string',
  job_id: 'string',
  run_id: 'string',
  run_attempt: 'int',
  job_name: 'string',
  workflow: 'string',
  repository: 'string',
  actor: 'string',
  labels: 'array<string>',
  conclusion: 'string',
  queued_at: 'bigint',
  admitted_at: 'bigint',
  launched_at: 'bigint',
  running_at: 'bigint',
  claimed_at: 'bigint',
  online_at: 'bigint',
  job_started_at: 'bigint',
  job_ended_at: 'bigint',
  terminated_at: 'bigint',
  end_reason: 'string',
  estimated: 'array<string>',
  billed_seconds: 'bigint',
  price_micro_usd_per_hour: 'bigint',
  price_source: 'string',
  price_at: 'bigint',
  volume_gib: 'int',
  volume_iops: 'int',
  volume_throughput_mibps: 'int',
  compute_micro_usd: 'bigint',
  volume_micro_usd: 'bigint',
  ipv4_micro_usd: 'bigint',
  volume_initialization_micro_usd: 'bigint',
  control_plane_micro_usd: 'bigint',
  platform_micro_usd: 'bigint',
  total_micro_usd: 'bigint',
  job_micro_usd: 'bigint',
  waste_boot_micro_usd: 'bigint',
  waste_idle_micro_usd: 'bigint',
  waste_failed_boot_micro_usd: 'bigint',
  waste_interrupted_micro_usd: 'bigint',
  waste_never_used_micro_usd: 'bigint',
  waste_minimum_charge_micro_usd: 'bigint',
  github_hosted_micro_usd: 'bigint',
  on_demand_micro_usd: 'bigint',
};
