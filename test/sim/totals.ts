import type { Verdict } from './simulate.ts';

/** One run that broke a rule, and what it takes to run it again. */
export interface Failure {
  readonly seed: number;
  readonly crashAt: number | undefined;
  readonly rule: string;
  readonly what: string;
}

/** What many runs came to, added up. */
export interface Totals {
  seeds: number;
  simulatedMs: number;
  jobs: number;
  runners: number;
  events: number;
  /** Times that each fault struck, by kind and by site. */
  readonly faults: Record<string, Record<string, number>>;
  /** Times that each situation was reached. */
  readonly sometimes: Record<string, number>;
  readonly failures: Failure[];
}

export const noTotals = (): Totals => ({
  seeds: 0,
  simulatedMs: 0,
  jobs: 0,
  runners: 0,
  events: 0,
  faults: {},
  sometimes: {},
  failures: [],
});

/** Adds one run. */
export function count(totals: Totals, verdict: Verdict, run: Pick<Failure, 'seed' | 'crashAt'>): void {
  totals.seeds += 1;
  totals.simulatedMs += verdict.simulatedMs;
  totals.jobs += verdict.jobs;
  totals.runners += verdict.runners;
  totals.events += verdict.events;
  for (const { kind, site } of verdict.fired) addTo(rowOf(totals, kind), site, 1);
  for (const [name, times] of Object.entries(verdict.reached)) addTo(totals.sometimes, name, times);
  const [first] = verdict.violations;
  if (first !== undefined) totals.failures.push({ ...run, rule: first.rule, what: first.what });
}

/** Adds what another thread counted. */
export function add(totals: Totals, part: Totals): Totals {
  for (const key of ['seeds', 'simulatedMs', 'jobs', 'runners', 'events'] as const) totals[key] += part[key];
  for (const [kind, bySite] of Object.entries(part.faults))
    for (const [site, times] of Object.entries(bySite)) addTo(rowOf(totals, kind), site, times);
  for (const [name, times] of Object.entries(part.sometimes)) addTo(totals.sometimes, name, times);
  totals.failures.push(...part.failures);
  return totals;
}

function rowOf({ faults }: Totals, kind: string): Record<string, number> {
  const row = faults[kind] ?? {};
  faults[kind] = row;
  return row;
}

function addTo(counts: Record<string, number>, name: string, times: number): void {
  counts[name] = (counts[name] ?? 0) + times;
}
