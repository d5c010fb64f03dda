import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FAULT_KINDS } from './fault-kinds.ts';
import { MUST_REACH } from './reached.ts';
import type { Share } from './share.ts';

export interface CampaignOptions {
  readonly from: number;
  /** How many seeds at most. */
  readonly seeds: number;
  /** Stop taking up seeds after so long. */
  readonly forMs?: number | undefined;
  readonly workers?: number | undefined;
}

/** One seed that broke a rule. */
export interface Failure {
  readonly seed: number;
  readonly rule: string;
  readonly what: string;
}

/** What a campaign came to. Counts of several workers are added up. */
export interface Campaign {
  readonly seeds: number;
  readonly simulatedMs: number;
  readonly jobs: number;
  readonly runners: number;
  readonly events: number;
  /** Processor time of all workers, in ms: what a rate per core is counted by. */
  readonly busyMs: number;
  readonly wallMs: number;
  readonly faults: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly sometimes: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

export type Totals = { -readonly [K in keyof Omit<Campaign, 'wallMs'>]: Mutable<Campaign[K]> };
type Mutable<T> = T extends readonly (infer U)[]
  ? U[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

export const noTotals = (): Totals => ({
  seeds: 0,
  simulatedMs: 0,
  jobs: 0,
  runners: 0,
  events: 0,
  busyMs: 0,
  faults: {},
  sometimes: {},
  failures: [],
});

/** Runs seeds on all cores; each worker takes every n-th. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const startedAt = performance.now();
  const workers = Math.min(options.workers ?? availableParallelism(), options.seeds);
  const shares = Array.from(
    { length: workers },
    (_, index): Share => ({
      from: options.from + index,
      to: options.from + options.seeds,
      step: workers,
      forMs: options.forMs,
    }),
  );
  const parts = await Promise.all(shares.map(inWorker));
  const totals = parts.reduce(add, noTotals());
  totals.failures.sort((a, b) => a.seed - b.seed);
  return { ...totals, wallMs: performance.now() - startedAt };
}

const inWorker = (share: Share): Promise<Totals> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./share.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });

function add(totals: Totals, part: Totals): Totals {
  for (const key of ['seeds', 'simulatedMs', 'jobs', 'runners', 'events', 'busyMs'] as const)
    totals[key] += part[key];
  for (const [kind, bySite] of Object.entries(part.faults)) {
    const row = totals.faults[kind] ?? {};
    totals.faults[kind] = row;
    for (const [site, count] of Object.entries(bySite)) row[site] = (row[site] ?? 0) + count;
  }
  for (const [name, count] of Object.entries(part.sometimes))
    totals.sometimes[name] = (totals.sometimes[name] ?? 0) + count;
  totals.failures.push(...part.failures);
  return totals;
}

/** Cells of the fault matrix that stayed empty, as `kind@site`. */
export const emptyCells = ({ faults }: Pick<Campaign, 'faults'>): readonly string[] =>
  Object.entries(FAULT_KINDS).flatMap(([kind, { sites }]) =>
    sites.filter((site) => (faults[kind]?.[site] ?? 0) === 0).map((site) => `${kind}@${site}`),
  );

/** What must be reached and was not. */
export const unreached = ({ sometimes }: Pick<Campaign, 'sometimes'>): readonly string[] =>
  Object.keys(MUST_REACH).filter((name) => (sometimes[name] ?? 0) === 0);
