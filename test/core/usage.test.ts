/**
 * Goal: a bill adds up to the micro-dollar and names what it guesses. Method: properties over drawn runners and price
 * histories, and bills worked out by hand.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JobItem, RunnerItem } from '../../lambdas/contracts/ledger.ts';
import type { PriceBook } from '../../lambdas/contracts/prices.ts';
import type { Settings } from '../../lambdas/contracts/settings.ts';
import { USAGE_COLUMNS, usageRecord } from '../../lambdas/contracts/usage.ts';
import { split } from '../../lambdas/core/money.ts';
import { priceOf } from '../../lambdas/core/price.ts';
import { digestOf, nextLook, usageOf } from '../../lambdas/core/usage.ts';
import { jobItem, runnerItem } from '../contract/items.ts';

const T0 = 1_790_000_000_000;
const SECOND = 1_000;
const HOUR = 3_600_000;

const settings: Settings = {
  v: 1,
  github: { scope: 'organization', owners: ['acme'] },
  pools: [],
  costs: { publicIp: true, platformMicroUsdPerMinute: 2_000 },
};

interface Times {
  readonly running?: number | null;
  readonly online?: number | null;
  readonly started?: number | null;
  readonly completed?: number | null;
  readonly ended: number;
}

function ended(times: Times, change: Partial<RunnerItem> = {}): RunnerItem {
  const base = runnerItem('i-0123456789abcdef0');
  const at = (seconds: number | null | undefined): number | null =>
    seconds == null ? null : T0 + seconds * SECOND;
  return {
    ...base,
    instanceType: 'm7a.large',
    market: 'on-demand',
    rank: 'ended',
    job: times.started == null ? null : '7',
    at: {
      ...base.at,
      launched: T0,
      running: at(times.running),
      claimed: at(times.online),
      online: at(times.online),
      busy: at(times.started),
      finished: at(times.completed),
      ended: T0 + times.ended * SECOND,
    },
    ...change,
  };
}

function jobOf({ started, completed }: Times, conclusion: string | null = 'success'): JobItem | undefined {
  if (started == null) return undefined;
  const base = jobItem('7');
  const at = {
    ...base.at,
    started: T0 + started * SECOND,
    completed: completed == null ? null : T0 + completed * SECOND,
  };
  return { ...base, fact: 'completed', conclusion, at };
}

const recordOf = (times: Times, change: Partial<RunnerItem> = {}, book?: PriceBook) =>
  usageOf({
    runner: ended(times, change),
    job: jobOf(times),
    settings,
    book,
    revision: 1,
    now: T0 + 10 * HOUR,
  });

const partsOf = (record: ReturnType<typeof recordOf>): number[] => [
  record.job_micro_usd,
  record.control_plane_micro_usd,
  record.waste_boot_micro_usd,
  record.waste_idle_micro_usd,
  record.waste_failed_boot_micro_usd,
  record.waste_interrupted_micro_usd,
  record.waste_never_used_micro_usd,
  record.waste_minimum_charge_micro_usd,
];
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

describe('splitting money', () => {
  it('gives whole parts that add up to the total, each within one of its exact share', () => {
    const weights = fc.array(fc.nat(5 * 86_400_000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(1_000_000_000_000), weights, (total, drawn) => {
        const parts = split(total, drawn);
        expect(sum(parts)).toBe(total);
        const all = sum(drawn);
        if (all > 0)
          for (const [n, part] of parts.entries())
            expect(Math.abs(part - (total * (drawn[n] ?? 0)) / all)).toBeLessThanOrEqual(1.001);
      }),
    );
  });
});

describe('a usage record', () => {
  it('adds up to the micro-dollar over months of drawn runners, in any order of their times', () => {
    const seconds = fc.option(fc.nat(40_000));
    const times = fc.record({
      running: seconds,
      online: seconds,
      started: seconds,
      completed: seconds,
      ended: fc.nat(40_000),
    });
    const change = fc.record({
      market: fc.constantFrom('spot' as const, 'on-demand' as const),
      instanceType: fc.constantFrom('m7a.large', 'm8g.4xlarge', 'x99.metal'),
      notice: fc.constantFrom(null, { reason: 'spot-interruption' as const, at: T0 }),
    });
    const month = fc.array(fc.tuple(times, change), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(month, (runners) => {
        const records = runners.map(([drawn, changed]) => recordOf(drawn, changed));
        for (const record of records) {
          expect(usageRecord.safeParse(record).success).toBe(true);
          for (const part of partsOf(record)) expect(part).toBeGreaterThanOrEqual(0);
        }
        expect(sum(records.flatMap(partsOf))).toBe(
          sum(records.map(({ total_micro_usd }) => total_micro_usd)),
        );
      }),
    );
  });

  it('bills by the second, splits by what the time served, and compares with GitHub-hosted by the minute', () => {
    // 10 s to running, online at 30, job 40 to 130, gone at 160: 150 s billed of 115,920 micro-dollars an hour.
    const record = recordOf({ running: 10, online: 30, started: 40, completed: 130, ended: 160 });
    // 0.08 x 8 GiB / 730 h and 0.005 per h, for 160 s.
    expect(record).toMatchObject({
      billed_seconds: 150,
      compute_micro_usd: 4_830,
      volume_micro_usd: 39,
      ipv4_micro_usd: 222,
      control_plane_micro_usd: 15,
      platform_micro_usd: 4_000,
      total_micro_usd: 9_106,
      // 5,091 for the machine: 90 s job, 20 s boot, 40 s idle of 150 s.
      job_micro_usd: 4_000 + 3_055,
      waste_boot_micro_usd: 679,
      waste_idle_micro_usd: 1_357,
      github_hosted_micro_usd: 12_000,
      on_demand_micro_usd: 4_830,
      estimated: ['price', 'control_plane'],
    });
  });

  it('charges a minute at least, and tells what of it nobody used', () => {
    const record = recordOf({ running: 0, online: 5, started: 5, completed: 20, ended: 30 });
    expect(record.billed_seconds).toBe(60);
    const machine = record.total_micro_usd - record.platform_micro_usd - record.control_plane_micro_usd;
    expect(record.waste_minimum_charge_micro_usd).toBe(Math.round(machine / 2));
  });

  it.each([
    ['never claimed', { running: 5, ended: 300 }, {}, 'waste_failed_boot_micro_usd'],
    [
      'not needed',
      { running: 5, ended: 300 },
      { intent: { ...runnerItem('i-0123456789abcdef0').intent, end: 'not-needed' as const } },
      'waste_never_used_micro_usd',
    ],
  ] as const)('puts all of a machine that was %s under one cause', (_what, times, change, cause) => {
    const record = recordOf(times, change);
    expect(record[cause]).toBe(record.total_micro_usd - record.control_plane_micro_usd);
  });

  it('calls the time of a job that spot took away interrupted, not used', () => {
    const times = { running: 10, online: 30, started: 40, completed: null, ended: 160 };
    const notice = { reason: 'spot-interruption' as const, at: T0 + 150 * SECOND };
    const facts = { settings, book: undefined, revision: 1, now: T0 + HOUR };
    const record = usageOf({ ...facts, runner: ended(times, { notice }), job: jobOf(times, null) });
    expect(record.job_micro_usd).toBe(0);
    expect(record.waste_interrupted_micro_usd).toBeGreaterThan(0);
  });

  it('has one digest for one story, whenever it was written', () => {
    const record = recordOf({ running: 10, ended: 160 });
    expect(digestOf({ ...record, revision: 2, written_at: 5 })).toBe(digestOf(record));
    expect(digestOf({ ...record, conclusion: 'failure' })).not.toBe(digestOf(record));
  });

  it('is looked at after an hour and after two days, and then never again', () => {
    expect(nextLook(T0, T0)).toBe(T0 + HOUR);
    expect(nextLook(T0, T0 + HOUR)).toBe(T0 + 48 * HOUR);
    expect(nextLook(T0, T0 + 48 * HOUR)).toBeNull();
  });

  it('has a column in the lake for each of its fields', () => {
    expect(Object.keys(USAGE_COLUMNS)).toEqual(Object.keys(usageRecord.def.shape));
  });
});

describe('the price of a runner', () => {
  const book: PriceBook = {
    v: 1,
    at: T0 + 24 * HOUR,
    onDemand: { 'm7a.large': 120_000 },
    spot: {
      'm7a.large/eu-west-1a': [
        [T0 - HOUR, 40_000],
        [T0 + HOUR, 60_000],
      ],
    },
  };
  const spot = { instanceType: 'm7a.large', zone: 'eu-west-1a', market: 'spot' as const };

  it('weighs spot prices by the time they held', () => {
    const price = priceOf(spot, { from: T0, to: T0 + 4 * HOUR }, book);
    expect(price).toMatchObject({ microUsdPerHour: 55_000, source: 'spot-history', isEstimated: false });
  });

  it.each([
    ['the history begins later', { from: T0 - 2 * HOUR, to: T0 }],
    ['the book is older than the end', { from: T0, to: T0 + 25 * HOUR }],
  ])('is marked as estimated where %s', (_why, span) => {
    expect(priceOf(spot, span, book)).toMatchObject({ source: 'spot-history', isEstimated: true });
  });

  it.each([
    [{ ...spot, market: 'on-demand' as const }, 'on-demand-list', 120_000],
    [{ ...spot, zone: 'eu-west-1c' }, 'static-table', 48_686],
    [{ ...spot, instanceType: 'x99.metal' }, 'none', 0],
  ])('falls back from source to source and says which: %j is %s', (offer, source, microUsdPerHour) => {
    expect(priceOf(offer, { from: T0, to: T0 + HOUR }, book)).toMatchObject({ source, microUsdPerHour });
  });
});
