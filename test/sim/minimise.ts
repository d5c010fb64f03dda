import type { SimulateOptions, Verdict } from './simulate.ts';
import { simulate } from './simulate.ts';

/** The fewest jobs and faults found under which one rule still breaks. */
export interface Minimal {
  readonly rule: string;
  readonly options: SimulateOptions;
  readonly verdict: Verdict;
  /** Ids of the faults that are left. */
  readonly faults: readonly string[];
  /** Faults that struck in the run one began with. */
  readonly faultsBefore: number;
  readonly jobsBefore: number;
  /** Simulations that it took. */
  readonly tries: number;
}

/** So many simulations and no more: some ten seconds. */
const TRIES_MAX = 400;

/**
 * Delta debugging over the faults that struck and over the runs that people plan, the rule held fixed: else it slips to another
 * defect. Undefined: the run breaks no rule.
 */
export async function minimise(options: SimulateOptions): Promise<Minimal | undefined> {
  const whole = await simulate(options);
  const rule = whole.violations[0]?.rule;
  if (rule === undefined) return undefined;
  let tries = 1;
  let best = { options, verdict: whole };
  /** Tries one smaller world, and keeps it if the rule breaks there too. */
  const keeps = async (smaller: Partial<SimulateOptions>): Promise<boolean> => {
    if (tries >= TRIES_MAX) return false;
    tries += 1;
    const tried = { ...best.options, ...smaller, stopAt: [rule] };
    const verdict = await simulate(tried);
    if (!verdict.violations.some((violation) => violation.rule === rule)) return false;
    best = { options: tried, verdict };
    return true;
  };
  const runsOf = ({ scenario }: Verdict): readonly number[] => [
    ...(scenario.onlyRuns ?? Array.from({ length: scenario.workload.jobs }, (_, n) => n)),
  ];
  const faultsOf = ({ fired }: Verdict): readonly string[] => [...new Set(fired.map(({ id }) => id))];
  const withRuns = (numbers: readonly number[]) => keeps({ onlyRuns: new Set(numbers) });
  await fewest(runsOf(best.verdict), withRuns);
  const faults = await fewest(faultsOf(best.verdict), (ids) => keeps({ only: new Set(ids) }));
  await fewest(runsOf(best.verdict), withRuns);
  return {
    rule,
    verdict: best.verdict,
    options: { ...best.options, stopAt: undefined },
    faults,
    faultsBefore: whole.fired.length,
    jobsBefore: whole.jobs,
    tries,
  };
}

/** Zeller's ddmin: halves, then their complements, then finer parts; the answer still does, and no single part can go. */
async function fewest<T>(
  all: readonly T[],
  breaksWith: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (await breaksWith([])) return [];
  let left = all;
  for (let parts = 2; left.length > 1; ) {
    const size = Math.ceil(left.length / parts);
    const found = await firstThatBreaks(left, size, breaksWith);
    if (found !== undefined) {
      parts = found.isPart ? 2 : Math.max(2, parts - 1);
      left = found.some;
    } else if (size === 1) break;
    else parts = Math.min(left.length, 2 * parts);
  }
  return left;
}

async function firstThatBreaks<T>(
  left: readonly T[],
  size: number,
  breaksWith: (some: readonly T[]) => Promise<boolean>,
): Promise<{ readonly some: readonly T[]; readonly isPart: boolean } | undefined> {
  for (let at = 0; at < left.length; at += size) {
    const some = left.slice(at, at + size);
    if (some.length < left.length && (await breaksWith(some))) return { some, isPart: true };
  }
  for (let at = 0; at < left.length; at += size) {
    const some = [...left.slice(0, at), ...left.slice(at + size)];
    if (some.length > 0 && some.length < left.length && (await breaksWith(some)))
      return { some, isPart: false };
  }
  return undefined;
}
