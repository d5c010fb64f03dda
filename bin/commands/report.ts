import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openUsageFiles, type UsageTable } from '../adapters/usage-files.ts';
import { oneOf, readArguments, wholeNumber } from '../core/arguments.ts';
import {
  csvTable,
  dollars,
  groupsTable,
  markdownTable,
  numberIn,
  type Row,
  textTable,
  wasteIn,
} from '../core/report-format.ts';
import { reportHtml } from '../core/report-html.ts';
import { dailySql, groupsSql, type Range, REPORT_KEYS, totalsSql, waitsSql } from '../core/report-sql.ts';
import { EXIT, EXIT_CODES, UsageError } from '../core/usage.ts';
import type { Command, Desk } from './command.ts';

const FORMATS = ['table', 'csv', 'json', 'markdown', 'html'] as const;

const USAGE = `mayfly report (--local | --records PATH) [options]

What runners cost, and who used them: one row per runner, priced to the micro-dollar. Jobs, waste and the control plane's share
add up to the total.

  --local          the usage records of the latest local run (npm start)
  --records PATH   a file or folder of usage records (.jsonl, or .parquet as the lake's bucket holds them); may be repeated
  --since DATE     from this day (2026-11-01, UTC), or this instant (2026-11-01T12:00:00Z); default: all
  --until DATE     before this day or instant
  --by KEY         ${REPORT_KEYS.join(', ')} (default: repository)
  --top N          the N dearest rows; the others become one row (default: 20)
  --format FORMAT  ${FORMATS.join(', ')} (default: table)
  --help           this text

A job with several labels counts in each of them: rows by label add up to more than the total.

Examples:
  mayfly report --local
  mayfly report --records ./usage --since 2026-11-01 --by workflow --top 5
  mayfly report --records ./usage --format html > report.html
  mayfly report job --local 28877621001

${EXIT_CODES}Records that cannot be read are named and count as undone: exit code 1.
`;

export const SOURCE_OPTIONS = {
  local: { type: 'boolean' },
  records: { type: 'string', multiple: true },
} as const;

/** The records that were asked for. Throws a UsageError. */
export function openRecords(values: {
  readonly local?: boolean | undefined;
  readonly records?: readonly string[] | undefined;
}): Promise<UsageTable> {
  const { local = false, records = [] } = values;
  if (local === records.length > 0) throw new UsageError('want either --local or --records PATH.');
  return openUsageFiles(local ? [localFolder(process.cwd())] : records);
}

function localFolder(root: string): string {
  try {
    const name = readFileSync(join(root, '.mayfly/latest'), 'utf8').trim();
    return join(root, '.mayfly/runs', name, 'usage');
  } catch {
    throw new UsageError('--local: want a local run in this folder, but there is none: run npm start first.');
  }
}

export const report: Command = {
  name: 'report',
  summary: 'what runners cost, by repository, workflow, pool, label, actor, type or day',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments(
      'report',
      {
        ...SOURCE_OPTIONS,
        ...{ since: { type: 'string' }, until: { type: 'string' }, by: { type: 'string' } },
        ...{ top: { type: 'string' }, format: { type: 'string' }, help: { type: 'boolean' } },
      } as const,
      args,
    );
    const range = {
      since: instant('since', values.since, 0),
      until: instant('until', values.until, Number.MAX_SAFE_INTEGER),
    };
    const key = oneOf('by', values.by ?? 'repository', REPORT_KEYS);
    const top = wholeNumber('top', values.top ?? '20', 10_000);
    const format = oneOf('format', values.format ?? 'table', FORMATS);
    const table = await openRecords(values);
    try {
      await print({ table, range, key, top, format }, desk);
      return tellProblems(table, desk);
    } finally {
      table.close();
    }
  },
};

/** Every file or line that was not counted, by name. */
export function tellProblems({ problems }: UsageTable, desk: Desk): number {
  for (const problem of problems) desk.note(`not counted: ${problem}\n`);
  return problems.length === 0 ? EXIT.done : EXIT.short;
}

function instant(option: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(
    `--${option}: want a day such as 2026-11-01, or 2026-11-01T12:00:00Z, got "${value}".`,
  );
}

interface Asked {
  readonly table: UsageTable;
  readonly range: Range;
  readonly key: (typeof REPORT_KEYS)[number];
  readonly top: number;
  readonly format: (typeof FORMATS)[number];
}

async function print({ table, range, key, top, format }: Asked, desk: Desk): Promise<void> {
  const [totals = {}] = await table.query(totalsSql(range));
  if (format === 'html') {
    const [daily, waits, pools] = [
      await table.query(dailySql(range)),
      await table.query(waitsSql(range)),
      await table.query(groupsSql('pool', range)),
    ];
    const groups = groupsTable(key, await table.query(groupsSql(key, range)), top);
    desk.print(reportHtml({ totals, daily, waits, pools, groups, key, problems: table.problems }));
    return;
  }
  const groups = await table.query(groupsSql(key, range));
  if (format === 'json') {
    desk.print(
      `${JSON.stringify({ by: key, totals, groups: groups.slice(0, top), groupsInAll: groups.length, problems: table.problems })}\n`,
    );
    return;
  }
  const cut = groupsTable(key, groups, top);
  if (format === 'csv') desk.print(csvTable(cut));
  else if (format === 'markdown') desk.print(`${markdownTable(cut)}\n${totalLines(totals).join('  \n')}\n`);
  else desk.print(`${textTable(cut)}\n${totalLines(totals).join('\n')}\n`);
}

/** The bill as a whole, and how much of it is a guess. */
export function totalLines(totals: Row): readonly string[] {
  const usd = (name: string): string => `$${dollars(numberIn(totals, name))}`;
  const unpriced = numberIn(totals, 'unpriced');
  return [
    `Total ${usd('total')}: jobs ${usd('job')}, waste $${dollars(wasteIn(totals))}, control plane ${usd('control_plane')} (estimated), for ${numberIn(totals, 'jobs')} jobs on ${numberIn(totals, 'runners')} runners.`,
    `Estimated: ${usd('estimated')} of compute, at prices that are not exact; ${numberIn(totals, 'static_priced')} runners by the dated table.`,
    ...(unpriced > 0 ? [`GAP: no price is known for ${unpriced} runners; their compute counts as 0.`] : []),
    `The same jobs on GitHub-hosted runners: ${usd('github_hosted')} (here ${usd('comparable')}).`,
  ];
}
