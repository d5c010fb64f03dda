import { readArgumentsWithSubject } from '../core/arguments.ts';
import { dollars, numberIn, type Row, textTable } from '../core/report-format.ts';
import { jobSql } from '../core/report-sql.ts';
import { EXIT, EXIT_CODES, UsageError } from '../core/usage.ts';
import type { Command } from './command.ts';
import { openRecords, SOURCE_OPTIONS, tellProblems } from './report.ts';

const USAGE = `mayfly report job (--local | --records PATH) JOB

The bill of one job, line by line: what was billed at which price, what served the job and what was waste.

  --local         the usage records of the latest local run (npm start)
  --records PATH  a file or folder of usage records; may be repeated
  --json          print one JSON object
  --help          this text

${EXIT_CODES}`;

export const reportJob: Command = {
  name: 'report job',
  summary: "one job's bill, line by line",
  usage: USAGE,
  run: async (args, desk) => {
    const { values, subject } = readArgumentsWithSubject(
      'report job',
      { ...SOURCE_OPTIONS, json: { type: 'boolean' }, help: { type: 'boolean' } } as const,
      args,
    );
    if (!/^[1-9][0-9]{0,19}$/.test(subject))
      throw new UsageError(`want the number of a job, got "${subject.slice(0, 40)}".`);
    const table = await openRecords(values);
    try {
      const rows = await table.query(jobSql(subject));
      if (rows.length === 0) desk.note(`No usage record names job ${subject}: has its runner ended?\n`);
      desk.print(values.json === true ? `${JSON.stringify(rows)}\n` : rows.map(bill).join('\n'));
      const told = tellProblems(table, desk);
      return rows.length === 0 ? EXIT.short : told;
    } finally {
      table.close();
    }
  },
};

const LINES: readonly (readonly [string, string])[] = [
  ['compute', 'compute_micro_usd'],
  ['root volume', 'volume_micro_usd'],
  ['public IPv4', 'ipv4_micro_usd'],
  ['volume initialization', 'volume_initialization_micro_usd'],
  ['control plane (estimated)', 'control_plane_micro_usd'],
  ['platform charge of GitHub', 'platform_micro_usd'],
  ['total', 'total_micro_usd'],
  ['of it: the job', 'job_micro_usd'],
  ['of it: boot', 'waste_boot_micro_usd'],
  ['of it: idle', 'waste_idle_micro_usd'],
  ['of it: interrupted', 'waste_interrupted_micro_usd'],
  ['of it: minimum charge', 'waste_minimum_charge_micro_usd'],
  ['the same on a GitHub-hosted runner', 'github_hosted_micro_usd'],
  ['the same compute on demand', 'on_demand_micro_usd'],
];

function bill(row: Row): string {
  const at = (name: string): string =>
    row[name] == null ? 'not known' : new Date(numberIn(row, name)).toISOString();
  const estimated = Array.isArray(row['estimated']) ? row['estimated'].join(', ') : '';
  const lines = textTable({
    columns: ['what', 'USD'],
    rows: LINES.map(([label, column]) => [label, row[column] == null ? '-' : dollars(numberIn(row, column))]),
  });
  return `Job ${row['job_id']} "${row['job_name'] ?? ''}" of ${row['repository'] ?? 'an unknown repository'}, ${row['conclusion'] ?? 'not concluded'}
on ${row['instance_id']} (${row['instance_type']}, ${row['market']}, ${row['zone']}), revision ${row['revision']}
queued ${at('queued_at')}, started ${at('job_started_at')}, ended ${at('job_ended_at')}
billed ${row['billed_seconds']} s at $${dollars(numberIn(row, 'price_micro_usd_per_hour'))} an hour (${row['price_source']}, as of ${at('price_at')})
estimated: ${estimated}

${lines}`.replace(/[^\P{Cc}\n]/gu, '?');
}
