import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type TrustPart, trustProblems } from '../../../lib/config/trust-checks.ts';

const CLOSED = { mode: 'enforce' as const, publicRepositories: false, forks: false };

const pool = (labels: string[], keyLabel: string, more: Partial<TrustPart> = {}): TrustPart => ({
  labels,
  keyLabel,
  hardening: 'standard',
  admission: CLOSED,
  runnerGroupId: 1,
  ...more,
});
const problems = (pools: Record<string, TrustPart>) =>
  trustProblems(new Map(Object.entries(pools))).map(({ got }) => got);

const LINUX = pool(['linux', 'x64'], 'x64');

describe('pools side by side', () => {
  it('may share labels as long as neither has the key label of the other', () => {
    expect(problems({ a: LINUX, b: pool(['linux', 'arm64'], 'arm64', { hardening: 'strict' }) })).toEqual([]);
  });

  it('may not share a key label, whatever its case', () => {
    expect(problems({ a: LINUX, b: pool(['X64'], 'X64', { runnerGroupId: 2 }) })).toEqual([
      'x64, the key label of a too',
    ]);
  });

  it('may not both fit one job', () => {
    const both = problems({ a: pool(['x64', 'big'], 'x64'), b: pool(['x64', 'big'], 'big') });
    expect(both).toEqual(['a job that names x64 and big fits a and b']);
  });

  it('may contain the key label of another of equal trust', () => {
    expect(problems({ a: LINUX, b: pool(['linux', 'x64', 'big'], 'big') })).toEqual([]);
  });

  it.each<[string, Partial<TrustPart>]>([
    ['hardening', { hardening: 'compatible' }],
    ['admission of public repositories', { admission: { ...CLOSED, publicRepositories: true } }],
    ['admission of forks', { admission: { ...CLOSED, forks: true } }],
    ['rules', { admission: { ...CLOSED, events: ['push'] } }],
  ])('may not contain the key label of another with different %s in one runner group', (_what, more) => {
    const wide = pool(['linux', 'X64', 'big'], 'big', more);
    expect(problems({ a: LINUX, b: wide })).toEqual([
      expect.stringContaining('labels that contain x64, so that GitHub may give jobs of a to runners of b'),
    ]);
    expect(problems({ b: wide, a: LINUX })).toHaveLength(1);
    expect(problems({ a: LINUX, b: { ...wide, runnerGroupId: 2 } })).toEqual([]);
  });
});

describe('pools that pass', () => {
  const names = ['l1', 'l2', 'l3', 'l4'];
  const anyPool = fc.record({
    labels: fc.subarray(names, { minLength: 1 }),
    key: fc.nat(),
    hardening: fc.constantFrom('compatible' as const, 'standard' as const),
    runnerGroupId: fc.integer({ min: 1, max: 2 }),
  });
  /** Every job that means the pool: any of its labels, its key among them. */
  const jobsOf = ({ labels, keyLabel }: TrustPart): string[][] => {
    const others = labels.filter((label) => label !== keyLabel);
    return Array.from({ length: 2 ** others.length }, (_, bits) => [
      keyLabel,
      ...others.filter((_label, i) => Math.floor(bits / 2 ** i) % 2 === 1),
    ]);
  };

  it('never let GitHub run a job of one on a runner of another trust, and never fit one job both', () => {
    fc.assert(
      fc.property(anyPool, anyPool, (one, two) => {
        const make = ({ labels, key, ...more }: typeof one) =>
          pool(labels, labels[key % labels.length] ?? '', more);
        const [a, b] = [make(one), make(two)];
        fc.pre(problems({ a, b }).length === 0);
        const isFor = (job: string[], { labels, keyLabel }: TrustPart) =>
          job.includes(keyLabel) && job.every((label) => labels.includes(label));
        for (const job of jobsOf(a)) {
          expect(isFor(job, b)).toBe(false);
          // A runner of b has labels that some job of b asked for; GitHub matches by superset within a group.
          const taken = jobsOf(b).some((runner) => job.every((label) => runner.includes(label)));
          if (taken && a.runnerGroupId === b.runnerGroupId) expect(b.hardening).toBe(a.hardening);
        }
      }),
      { numRuns: 500 },
    );
  });
});
