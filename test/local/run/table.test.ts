import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readOptions, UsageError } from '../../../local/run/options.ts';
import { isSettled, type JobRow, type RunnerRow, type Snapshot } from '../../../local/run/snapshot.ts';
import { percentile, summarize } from '../../../local/run/summary.ts';
import { render, totals } from '../../../local/run/table.ts';

const job = (change: Partial<JobRow> = {}): JobRow => ({
  jobId: '1',
  name: 'test',
  repository: 'acme/app',
  state: 'done',
  queuedAt: 0,
  startedAt: 20_000,
  completedAt: 30_000,
  runnerName: 'r1',
  ...change,
});
const runner = (change: Partial<RunnerRow> = {}): RunnerRow => ({
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'm7i.large',
  zone: 'us-east-1a',
  state: 'gone',
  launchedAt: 1_000,
  endedAt: 70_000,
  runnerName: 'r1',
  usd: 0.0019,
  ...change,
});
const snapshot = (change: Partial<Snapshot> = {}): Snapshot => ({
  now: 80_000,
  startedAt: 0,
  jobs: [job()],
  runners: [runner()],
  ...change,
});
const counted = {
  registrationsLeft: 0,
  chaos: undefined,
  parked: 0,
  jitIssued: 1,
  githubCalls: 3,
  awsCalls: 12,
  speed: 10,
};

describe('the live table', () => {
  it('shows a job with its machine, its times and what the machine cost', () => {
    const text = render(snapshot(), { columns: 120, rows: 24, colour: false });
    expect(text).toContain('acme/app test');
    expect(text).toMatch(/done +20 s +10 s +i-0123456789abcdef0 m7i\.large +gone +\$0\.00190/);
  });

  it('never has more lines than the screen, and says how many jobs it hides', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 60 }), fc.nat(300), (rows, count) => {
        const jobs = Array.from({ length: count }, (_, n) => job({ jobId: String(n) }));
        const lines = render(snapshot({ jobs }), { columns: 120, rows, colour: false }).split('\n');
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(lines.some((line) => line.includes('more jobs'))).toBe(count > rows - 6);
      }),
    );
  });

  it('sums up jobs and runners by state in two plain lines', () => {
    expect(totals(snapshot())).toEqual([
      'jobs     0 queued · 0 running · 1 done · 0 failed',
      'runners  0 launching · 0 booting · 0 claimed · 0 running · 0 ending · 1 gone · $0.00190',
    ]);
  });
});

describe('the summary', () => {
  it('has no failures only when every job is done and nothing is left', () => {
    expect(summarize(snapshot(), counted)).toMatchObject({ completed: 1, instancesLeft: 0, failures: [] });
    const bad = snapshot({
      jobs: [job({ state: 'queued', startedAt: null })],
      runners: [runner({ state: 'booting' })],
    });
    expect(summarize(bad, { ...counted, registrationsLeft: 2 }).failures).toEqual([
      'job 1 (acme/app test) is still queued',
      '1 instances are left',
      '2 registrations are left',
    ]);
    expect(isSettled(bad)).toBe(false);
  });

  it('gives calls per job and percentiles of the wait in virtual time', () => {
    const summary = summarize(snapshot(), counted);
    expect(summary).toMatchObject({ githubCallsPerJob: 3, awsCallsPerJob: 12, p50QueuedToStartedMs: 20_000 });
    expect(percentile([5, 1, 9], 0.5)).toBe(5);
    expect(percentile([], 0.5)).toBeNull();
  });
});

describe('the options', () => {
  it('run six jobs ten times as fast when nothing is said, and real time with --serve', () => {
    expect(readOptions([])).toMatchObject({ jobs: 6, speed: 10, json: false });
    expect(readOptions(['--serve'])).toMatchObject({ jobs: 0, speed: 1, serve: true });
  });

  it.each([[['--jobs', 'many']], [['--jobs', '0']], [['--speed', '1000']], [['--nope']], [['extra']]])(
    'refuse %j with a sentence',
    (args) => {
      expect(() => readOptions(args)).toThrow(UsageError);
    },
  );
});
