/** What spending can be grouped by: names of options, and the column or expression of each. */
const KEYS = {
  repository: 'repository',
  workflow: 'workflow',
  pool: 'pool',
  label: 'label',
  actor: 'actor',
  'instance-type': 'instance_type',
  // Days are told by the millisecond at which they begin, UTC: date functions differ between the engines.
  day: 'CAST(terminated_at - terminated_at % 86400000 AS varchar)',
} as const;
export type ReportKey = keyof typeof KEYS;
export const REPORT_KEYS: readonly ReportKey[] = [
  ...(['repository', 'workflow', 'pool', 'label'] as const),
  ...(['actor', 'instance-type', 'day'] as const),
];

/** Runners that ended in [since, until), epoch ms. */
export interface Range {
  readonly since: number;
  readonly until: number;
}

/**
 * One row per runner: records arrive at least once and in revisions, and here alone that is resolved. The highest revision
 * counts, and of that the one written last. The same text for DuckDB and for Athena, as all that builds on it.
 */
export const latest = ({ since, until }: Range): string => `WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY instance_id ORDER BY revision DESC, written_at DESC) AS place
    FROM usage_records
  ) AS ranked
  WHERE place = 1 AND terminated_at >= ${Math.trunc(since)} AND terminated_at < ${Math.trunc(until)}
)`;

const sum = (column: string): string => `CAST(coalesce(sum(${column}), 0) AS bigint)`;
const when = (condition: string, value: string): string =>
  sum(`CASE WHEN ${condition} THEN ${value} ELSE 0 END`);

export const SUMS = [
  'total',
  'job',
  'control_plane',
  'platform',
  ...(['waste_boot', 'waste_idle', 'waste_failed_boot', 'waste_interrupted'] as const),
  ...(['waste_never_used', 'waste_minimum_charge'] as const),
] as const;

const SUM_COLUMNS = SUMS.map((name) => `  ${sum(`${name}_micro_usd`)} AS ${name}`).join(',\n');

/** One row: everything in the range, how much of it is a guess, and what it is compared with. */
export const totalsSql = (range: Range): string => `${latest(range)}
SELECT count(*) AS runners,
  ${when('job_id IS NOT NULL', '1')} AS jobs,
  ${when("market = 'spot'", '1')} AS spot_runners,
  ${when("end_reason = 'spot-interruption'", '1')} AS interrupted_runners,
  ${when("price_source = 'none'", '1')} AS unpriced,
  ${when("price_source = 'static-table'", '1')} AS static_priced,
  ${when("contains(estimated, 'price')", 'compute_micro_usd')} AS estimated,
  ${when('github_hosted_micro_usd IS NOT NULL', 'total_micro_usd')} AS comparable,
  ${sum('github_hosted_micro_usd')} AS github_hosted,
  ${sum('compute_micro_usd')} AS compute,
  ${sum('volume_micro_usd')} AS volume,
  ${sum('ipv4_micro_usd')} AS ipv4,
  ${when('on_demand_micro_usd IS NOT NULL', 'compute_micro_usd')} AS compute_comparable,
  ${sum('on_demand_micro_usd')} AS on_demand,
${SUM_COLUMNS}
FROM latest`;

/** A row per value, dearest first. A runner without a job has no repository, workflow, actor or label: value null. */
export function groupsSql(key: ReportKey, range: Range): string {
  const source = key === 'label' ? 'latest CROSS JOIN UNNEST(latest.labels) AS unnested(label)' : 'latest';
  return `${latest(range)}
SELECT ${KEYS[key]} AS value, count(*) AS runners,
  ${when('job_id IS NOT NULL', '1')} AS jobs,
  ${sum('billed_seconds')} AS billed_seconds,
  ${sum('github_hosted_micro_usd')} AS github_hosted,
${SUM_COLUMNS}
FROM ${source}
GROUP BY ${KEYS[key]}
ORDER BY total DESC, value`;
}

/** Spending per day and repository. */
export const dailySql = (range: Range): string => `${latest(range)}
SELECT CAST(terminated_at - terminated_at % 86400000 AS bigint) AS day, repository, ${sum('total_micro_usd')} AS total
FROM latest
GROUP BY terminated_at - terminated_at % 86400000, repository
ORDER BY day, total DESC`;

/** Queue to start in ms: the smallest wait that at least so many of a day's waits do not exceed. */
export const waitsSql = (range: Range): string => `${latest(range)}, waits AS (
  SELECT terminated_at - terminated_at % 86400000 AS day, job_started_at - queued_at AS wait
  FROM latest WHERE job_started_at IS NOT NULL AND queued_at IS NOT NULL
), ranked_waits AS (
  SELECT day, wait, row_number() OVER (PARTITION BY day ORDER BY wait) AS place,
    count(*) OVER (PARTITION BY day) AS jobs
  FROM waits
)
SELECT CAST(day AS bigint) AS day, max(jobs) AS jobs,
  min(CASE WHEN place * 100 >= jobs * 50 THEN wait END) AS p50,
  min(CASE WHEN place * 100 >= jobs * 95 THEN wait END) AS p95
FROM ranked_waits
GROUP BY day
ORDER BY day`;

/** Everything of one job: a row per runner that it ran on. The id is digits only. */
export const jobSql = (jobId: string): string => `${latest({ since: 0, until: Number.MAX_SAFE_INTEGER })}
SELECT * FROM latest WHERE job_id = '${jobId.replace(/[^0-9]/g, '')}' ORDER BY launched_at`;
