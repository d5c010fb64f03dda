/**
 * Goal: reports add up, count each runner once, and name what they could not count. Method: the real SQL on DuckDB over
 * small files whose answers are worked out by hand; hostile names in every format.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openUsageFiles } from '../../bin/adapters/usage-files.ts';
import { report } from '../../bin/commands/report.ts';
import { reportJob } from '../../bin/commands/report-job.ts';
import { csvTable, markdownTable, textTable } from '../../bin/core/report-format.ts';
import { groupsSql, totalsSql, waitsSql } from '../../bin/core/report-sql.ts';
import type { UsageRecord } from '../../lambdas/contracts/usage.ts';

const DAY = 86_400_000;
const D0 = Date.UTC(2026, 10, 1);
const ALL = { since: 0, until: Number.MAX_SAFE_INTEGER };

/** A runner of one job for 60 s that cost 1,000: 600 served the job, 390 were idle, 10 are the control plane's. */
const record = (n: number, change: Partial<UsageRecord> = {}): UsageRecord => ({
  ...{ v: 1, revision: 1, written_at: D0, instance_id: `i-${String(n).padStart(17, '0')}` },
  ...{ ticket: 'mf-0a1b2c3d4e5f6g7h8i9j0k1l2m', pool: 'linux-x64', instance_type: 'm7a.large', zone: 'z-1a' },
  ...{ market: 'spot' as const, image_id: 'ami-1', job_id: String(n + 1), run_id: '7', run_attempt: 1 },
  ...{ job_name: 'build', workflow: 'CI', repository: 'acme/shop', actor: 'octocat', labels: ['x64'] },
  ...{
    conclusion: 'success',
    queued_at: D0,
    admitted_at: D0,
    launched_at: D0 + 1_000,
    running_at: D0 + 2_000,
  },
  ...{
    claimed_at: D0 + 8_000,
    online_at: D0 + 9_000,
    job_started_at: D0 + 10_000,
    job_ended_at: D0 + 46_000,
  },
  ...{ terminated_at: D0 + 62_000, end_reason: 'instance-ended', estimated: ['control_plane'] },
  ...{ billed_seconds: 60, price_micro_usd_per_hour: 54_000, price_source: 'spot-history', price_at: D0 },
  ...{ volume_gib: 8, volume_iops: 3_000, volume_throughput_mibps: 125, compute_micro_usd: 900 },
  ...{
    volume_micro_usd: 50,
    ipv4_micro_usd: 40,
    volume_initialization_micro_usd: 0,
    control_plane_micro_usd: 10,
  },
  ...{ platform_micro_usd: 0, total_micro_usd: 1_000, job_micro_usd: 600, waste_boot_micro_usd: 0 },
  ...{ waste_idle_micro_usd: 390, waste_failed_boot_micro_usd: 0, waste_interrupted_micro_usd: 0 },
  ...{ waste_never_used_micro_usd: 0, waste_minimum_charge_micro_usd: 0, github_hosted_micro_usd: 6_000 },
  on_demand_micro_usd: 2_000,
  ...change,
});

const UNUSED = {
  ...{ job_id: null, run_id: null, run_attempt: null, job_name: null, workflow: null, repository: null },
  ...{ actor: null, labels: [], conclusion: null, queued_at: null, job_started_at: null, job_ended_at: null },
  ...{ job_micro_usd: 0, waste_idle_micro_usd: 0, waste_never_used_micro_usd: 990 },
  github_hosted_micro_usd: null,
};

let folder: string;
const write = (name: string, rows: readonly (UsageRecord | string)[]): string => {
  const path = join(folder, name);
  const lines = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  writeFileSync(path, lines.join('\n'));
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayfly-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask(rows: readonly (UsageRecord | string)[], sql: string) {
  const table = await openUsageFiles([write('asked.jsonl', rows)]);
  try {
    return { rows: await table.query(sql), problems: table.problems };
  } finally {
    table.close();
  }
}

async function run(command: typeof report, args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command.run(args, {
    print: (text) => void out.push(text),
    note: (text) => void err.push(text),
    progress: () => undefined,
    signal: new AbortController().signal,
    sleep: async () => undefined,
    open: async () => {
      throw new Error('no stack is asked');
    },
  });
  return { code, out: out.join(''), err: err.join('') };
}

describe('the queries', () => {
  it('count each runner once, by its highest revision and of that the one written last', async () => {
    const rows = [
      record(1),
      record(1),
      record(1, { revision: 2, written_at: D0 + 1, total_micro_usd: 1_300, job_micro_usd: 900 }),
      record(1, { revision: 2, written_at: D0 + 2, total_micro_usd: 1_400, job_micro_usd: 1_000 }),
      record(2),
    ];
    const { rows: totals } = await ask(rows, totalsSql(ALL));
    expect(totals).toMatchObject([{ runners: 2, jobs: 2, total: 2_400, job: 1_600, control_plane: 20 }]);
  });

  it('sum up what served jobs, what was waste, what is a guess and what it is compared with', async () => {
    const rows = [
      record(1),
      record(2, UNUSED),
      record(3, { estimated: ['price', 'control_plane'], price_source: 'static-table' }),
      record(4, { price_source: 'none', estimated: ['price', 'control_plane'], on_demand_micro_usd: null }),
    ];
    const { rows: totals } = await ask(rows, totalsSql(ALL));
    expect(totals).toMatchObject([
      {
        ...{ runners: 4, jobs: 3, total: 4_000, job: 1_800, waste_idle: 1_170, waste_never_used: 990 },
        ...{ control_plane: 40, estimated: 1_800, static_priced: 1, unpriced: 1 },
        ...{ github_hosted: 18_000, comparable: 3_000, on_demand: 6_000, compute_comparable: 2_700 },
      },
    ]);
  });

  it.each([
    [
      'repository',
      [
        ['acme/shop', 2_000],
        ['acme/api', 1_000],
        [null, 1_000],
      ],
    ],
    [
      'workflow',
      [
        ['CI', 3_000],
        [null, 1_000],
      ],
    ],
    ['pool', [['linux-x64', 4_000]]],
    [
      'actor',
      [
        ['octocat', 3_000],
        [null, 1_000],
      ],
    ],
    ['instance-type', [['m7a.large', 4_000]]],
    [
      'label',
      [
        ['x64', 3_000],
        ['gpu', 1_000],
      ],
    ],
    [
      'day',
      [
        [String(D0), 3_000],
        [String(D0 + DAY), 1_000],
      ],
    ],
  ] as const)('group by %s', async (key, wanted) => {
    const rows = [
      record(1),
      record(2),
      record(3, { repository: 'acme/api', labels: ['x64', 'gpu'], terminated_at: D0 + DAY }),
      record(4, UNUSED),
    ];
    const { rows: groups } = await ask(rows, groupsSql(key, ALL));
    expect(groups.map(({ value, total }) => [value, total]).sort()).toEqual(
      wanted.map((one) => [...one]).sort(),
    );
  });

  it('tell waits as the smallest that so many jobs do not exceed', async () => {
    const rows = Array.from({ length: 20 }, (_, n) => record(n, { job_started_at: D0 + (n + 1) * 1_000 }));
    const { rows: waits } = await ask(rows, waitsSql(ALL));
    expect(waits).toMatchObject([{ day: D0, jobs: 20, p50: 10_000, p95: 19_000 }]);
  });

  it('take runners that ended from the first instant on and before the last', async () => {
    const rows = [
      record(1, { terminated_at: D0 - 1 }),
      record(2, { terminated_at: D0 }),
      record(3, { terminated_at: D0 + DAY }),
    ];
    const { rows: totals } = await ask(rows, totalsSql({ since: D0, until: D0 + DAY }));
    expect(totals).toMatchObject([{ runners: 1 }]);
  });
});

describe('what cannot be counted', () => {
  it('is named by file and line, and the rest is counted', async () => {
    const odd = { ...record(2), surprise: 1 };
    const rows = [
      record(1),
      JSON.stringify(odd),
      '{"v":1,"revision":',
      JSON.stringify({ ...record(3), pool: 7 }),
    ];
    const { rows: totals, problems } = await ask(rows, totalsSql(ALL));
    expect(totals).toMatchObject([{ runners: 2 }]);
    expect(problems).toEqual([
      expect.stringMatching(/asked\.jsonl:3: no JSON: the line is half-written or damaged$/),
      expect.stringMatching(/asked\.jsonl:4: no usage record: pool is not as agreed$/),
      expect.stringMatching(/asked\.jsonl: column "surprise" is not known/),
    ]);
  });

  it('makes the command end with 1 and say so, also for a Parquet file that is none', async () => {
    const path = write('broken.parquet', ['PAR1 and then nothing']);
    const { code, out, err } = await run(report, [
      '--records',
      path,
      '--records',
      write('good.jsonl', [record(1)]),
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^not counted: .*broken\.parquet: not counted, it is no Parquet file or half-written$/m,
    );
    expect(out).toMatch(/Total \$0\.001000/);
  });

  it('tells a gap in prices', async () => {
    const path = write('gap.jsonl', [
      record(1, { price_source: 'none', compute_micro_usd: 0, total_micro_usd: 100 }),
    ]);
    const { out } = await run(report, ['--records', path]);
    expect(out).toContain('GAP: no price is known for 1 runners');
  });
});

describe('the formats', () => {
  const HOSTILE = [
    '=HYPERLINK("http://x")',
    '+1',
    '-1',
    '@SUM(1)',
    '<script>alert(1)</script>',
    'a|b`c',
    'a\u001b[2Jb',
  ];
  const table = { columns: ['name', 'USD'], rows: HOSTILE.map((name) => [name, '1.000000']) };

  it('write no cell that a spreadsheet runs', () => {
    for (const line of csvTable(table).split('\r\n').slice(1, -1)) expect(line).not.toMatch(/^"?[=+\-@]/);
    expect(csvTable({ columns: ['a'], rows: [['say "x", y']] })).toBe('a\r\n"say ""x"", y"\r\n');
  });

  it('let no name draw on the terminal or break out of a Markdown cell', () => {
    expect(textTable(table)).not.toContain('\u001b');
    expect(markdownTable(table)).not.toMatch(/<script|a\|b/);
  });

  it('write HTML in which a hostile name is only text, and which asks for nothing from outside', async () => {
    const path = write('hostile.jsonl', [
      record(1, { repository: '<img src=x onerror=alert(1)>', job_name: '"><b>' }),
    ]);
    const { code, out } = await run(report, ['--records', path, '--format', 'html']);
    expect(code).toBe(0);
    expect(out).not.toContain('<img');
    expect(out).not.toMatch(/<script|https?:\/\/|url\(/);
    expect(out.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4);
  });

  it('keep the sum when --top cuts rows off', async () => {
    const rows = Array.from({ length: 5 }, (_, n) => record(n, { repository: `acme/r${n}` }));
    const { out } = await run(report, [
      '--records',
      write('top.jsonl', rows),
      '--top',
      '2',
      '--format',
      'csv',
    ]);
    const totals = out
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => Number(line.split(',')[6]));
    expect(totals).toHaveLength(3);
    expect(totals.reduce((all, one) => all + one, 0)).toBeCloseTo(0.005, 9);
  });

  it("show one job's bill line by line", async () => {
    const { code, out } = await run(reportJob, [
      '--records',
      write('job.jsonl', [record(1), record(2)]),
      '2',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/^total +0\.001000$/m);
    expect(out).toMatch(/^of it: idle +0\.000390$/m);
    expect(out).toContain('billed 60 s at $0.054000 an hour (spot-history');
  });
});
