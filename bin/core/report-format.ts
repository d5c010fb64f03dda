import { SUMS } from './report-sql.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const numberIn = (row: Row, name: string): number => Number(row[name] ?? 0);

/** `12.345678`: dollars to the micro-dollar, so that columns add up as printed. */
export const dollars = (microUsd: number): string => (microUsd / 1_000_000).toFixed(6);
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const WASTES = SUMS.filter((name) => name.startsWith('waste_'));
export const wasteIn = (row: Row): number => WASTES.reduce((all, name) => all + numberIn(row, name), 0);

/** What a group's value is called; null is what no job stands behind. */
const labelOf = (row: Row, key: string): string =>
  row['value'] == null ? '(no job)' : key === 'day' ? dayOf(numberIn(row, 'value')) : String(row['value']);

/** Groups as a table. What `top` cuts off is one row, so that the table still adds up. */
export function groupsTable(key: string, groups: readonly Row[], top: number): Table {
  const shown = groups.slice(0, top);
  const rest = groups.slice(top);
  const line = (name: string, rows: readonly Row[]): readonly string[] => {
    const total = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
    const money = (column: string): string => dollars(total((row) => numberIn(row, column)));
    return [
      ...[
        name,
        String(total((row) => numberIn(row, 'jobs'))),
        String(total((row) => numberIn(row, 'runners'))),
      ],
      ...[
        money('job'),
        dollars(total(wasteIn)),
        money('control_plane'),
        money('total'),
        money('github_hosted'),
      ],
    ];
  };
  return {
    columns: [
      key,
      'jobs',
      'runners',
      'job USD',
      'waste USD',
      'control plane USD',
      'total USD',
      'GitHub-hosted USD',
    ],
    rows: [
      ...shown.map((row) => line(labelOf(row, key), [row])),
      ...(rest.length > 0 ? [line(`(${rest.length} more)`, rest)] : []),
    ],
  };
}

/** Controls of names would move the cursor or colour a terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');

export function textTable({ columns, rows }: Table): string {
  const all = [columns, ...rows].map((row) => row.map(printable));
  const widths = columns.map((_, n) => Math.max(...all.map((row) => row[n]?.length ?? 0)));
  const cell = (text: string, n: number): string =>
    n === 0 ? text.padEnd(widths[n] ?? 0) : text.padStart(widths[n] ?? 0);
  return `${all.map((row) => row.map(cell).join('  ').trimEnd()).join('\n')}\n`;
}

/**
 * RFC 4180. A name that begins as a formula gets a quote before it: a spreadsheet would else run it (OWASP, CSV injection).
 */
export function csvTable({ columns, rows }: Table): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r|]/.test(text) ? `'${text}` : text;
    return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

export function markdownTable({ columns, rows }: Table): string {
  const cell = (text: string): string =>
    printable(text).replace(/[\\`*_{}[\]()#+!|<>~@]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const line = (row: readonly string[]): string => `| ${row.map(cell).join(' | ')} |\n`;
  const rule = `|${columns.map((_, n) => (n === 0 ? ' --- |' : ' ---: |')).join('')}\n`;
  return line(columns) + rule + rows.map(line).join('');
}
