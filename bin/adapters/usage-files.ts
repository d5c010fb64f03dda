import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { USAGE_COLUMNS, usageRecord } from '../../lambdas/contracts/usage.ts';
import { UsageError } from '../core/usage.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Usage records that can be asked by SQL, as the table `usage_records`. */
export interface UsageTable {
  /** Rows as plain values: whole numbers as numbers, lists as arrays. */
  query(sql: string): Promise<readonly Row[]>;
  /** What could not be read, each as a sentence that names file and place. Nothing is left out without one. */
  readonly problems: readonly string[];
  readonly files: number;
  close(): void;
}

/** Sentences about one file; a thousand broken lines are told by their first and their count. */
const TOLD_PER_FILE = 3;
/** Files below one folder: a year of five-minute files is 105,000. */
const FILES_MAX = 200_000;
/** Of memory, for whatever is asked; DuckDB spills the rest to its temporary folder. */
const MEMORY_MAX = '1400MB';

/**
 * Opens the .jsonl and .parquet files at these paths (files, or folders with all below). Lines of JSON are checked one by
 * one against the contract. Throws a UsageError where a path holds nothing.
 */
export async function openUsageFiles(paths: readonly string[]): Promise<UsageTable> {
  const files = paths.flatMap(filesAt).slice(0, FILES_MAX);
  if (files.length === 0)
    throw new UsageError(
      `${paths.join(', ')}: want usage records (.jsonl or .parquet), got none: has a runner ended yet?`,
    );
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-report-'));
  const instance = await DuckDBInstance.create(':memory:', {
    // Nothing is ever fetched: what is used is built in.
    ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
    ...{ threads: '2', memory_limit: MEMORY_MAX, temp_directory: folder, preserve_insertion_order: 'false' },
  });
  const connection = await instance.connect();
  const query = async (sql: string): Promise<readonly Row[]> =>
    (await connection.runAndReadAll(sql)).getRowObjectsJS().map(plainRow);
  const problems: string[] = [];
  const lines = files
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => checkedLines(file, problems));
  writeFileSync(join(folder, 'lines.jsonl'), lines.map((line) => `${line}\n`).join(''));
  const columns = Object.entries(USAGE_COLUMNS).map(
    ([name, type]) => `${quoted(name)}: ${quoted(duckType(type))}`,
  );
  const parts = [
    `SELECT * FROM read_json(${quoted(join(folder, 'lines.jsonl'))}, format = 'newline_delimited', columns = {${columns.join(', ')}})`,
  ];
  const parquet: string[] = [];
  for (const file of files.filter((one) => one.endsWith('.parquet')))
    if (await isUsable(file, query, problems)) parquet.push(file);
  const names = Object.keys(USAGE_COLUMNS).join(', ');
  if (parquet.length > 0)
    parts.push(
      `SELECT ${names} FROM read_parquet([${parquet.map(quoted).join(', ')}], union_by_name = true)`,
    );
  await connection.run(`CREATE VIEW usage_records AS ${parts.join(' UNION ALL ')}`);
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  };
  return { query, problems, files: files.length, close };
}

function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(jsonl|parquet)$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch {
    throw new UsageError(`${path}: want a file or folder of usage records, but it cannot be read.`);
  }
}

/** Lines that are records; every other one is told. */
function checkedLines(file: string, problems: string[]): string[] {
  const bad: string[] = [];
  const unknown = new Set<string>();
  const good: string[] = [];
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line === '') continue;
    const read = usageRecord.safeParse(parsed(line));
    if (!read.success)
      bad.push(`${file}:${index + 1}: ${whyNot(line, read.error.issues[0]?.path.join('.'))}`);
    else {
      good.push(line);
      for (const name of Object.keys(Object(parsed(line)))) if (!(name in USAGE_COLUMNS)) unknown.add(name);
    }
  }
  problems.push(...bad.slice(0, TOLD_PER_FILE));
  if (bad.length > TOLD_PER_FILE) problems.push(`${file}: ${bad.length} lines in all are no usage record`);
  for (const name of unknown) problems.push(unknownColumn(file, name));
  return good;
}

const unknownColumn = (file: string, name: string): string =>
  `${file}: column ${JSON.stringify(name.slice(0, 60))} is not known and not counted: was it written by a newer version?`;

const whyNot = (line: string, field: string | undefined): string =>
  parsed(line) === undefined
    ? 'no JSON: the line is half-written or damaged'
    : `no usage record: ${field === undefined || field === '' ? 'it is no object' : `${field} is not as agreed`}`;

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Whether DuckDB can read the file and finds all columns; what is wrong is told. */
async function isUsable(
  file: string,
  query: (sql: string) => Promise<readonly Row[]>,
  problems: string[],
): Promise<boolean> {
  try {
    const schema = await query(
      `SELECT DISTINCT path_in_schema AS path FROM parquet_metadata(${quoted(file)})`,
    );
    const names = new Set(schema.map(({ path }) => String(path).split(',')[0]?.trim() ?? ''));
    const missing = Object.keys(USAGE_COLUMNS).filter((name) => !names.has(name));
    for (const name of names)
      if (!(name in USAGE_COLUMNS) && name !== 'day') problems.push(unknownColumn(file, name));
    if (missing.length > 0) problems.push(`${file}: not counted, it lacks the columns ${missing.join(', ')}`);
    return missing.length === 0;
  } catch {
    problems.push(`${file}: not counted, it is no Parquet file or half-written`);
    return false;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const duckType = (type: string): string =>
  type === 'array<string>' ? 'VARCHAR[]' : type === 'string' ? 'VARCHAR' : type;

const plainRow = (row: Record<string, unknown>): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));

/** Sums of micro-dollars stay far below 2^53: nine billion dollars. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
