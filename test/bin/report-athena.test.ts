/** Goal: the report's SQL is Athena's too. Method: each query is parsed by a grammar of Athena's dialect, which refuses DuckDB's own words. */
import { describe, expect, it } from '@jest/globals';
import athena from 'node-sql-parser/build/athena.js';
import { dailySql, groupsSql, jobSql, REPORT_KEYS, totalsSql, waitsSql } from '../../bin/core/report-sql.ts';

const RANGE = { since: 0, until: 86_400_000 };
const parses = (sql: string): boolean => {
  try {
    new athena.Parser().astify(sql, { database: 'athena' });
    return true;
  } catch {
    return false;
  }
};

describe('the queries, as Athena reads them', () => {
  it.each([
    ['totals', totalsSql(RANGE)],
    ['daily', dailySql(RANGE)],
    ['waits', waitsSql(RANGE)],
    ['job', jobSql('28877621001')],
    ...REPORT_KEYS.map((key) => [`groups by ${key}`, groupsSql(key, RANGE)] as const),
  ])('parse: %s', (_name, sql) => {
    expect(parses(sql)).toBe(true);
  });

  it.each([
    ["SELECT * FROM read_json('a.jsonl', columns = {a: 'INT'})"],
    ['SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1'],
  ])('would not parse in the words of the other engine alone: %s', (sql) => {
    expect(parses(sql)).toBe(false);
  });
});
