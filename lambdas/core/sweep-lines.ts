import { SWEEP_LINES, type SweepItem, type SweepLine } from '../contracts/ledger-sweep.ts';

/**
 * Calls to GitHub that the sweep may make in any hour, by line; a 304 counts. GitHub gives an installation 5,000 an hour:
 * 1,410 leave the rest to jobs. `looks` and `surveys` are the two halves of discovery.
 */
export const CALLS_PER_HOUR: Readonly<Record<SweepLine, number>> = {
  /** Lists of runners: pages of 100. */
  runners: 240,
  /** Lists of webhook deliveries, and asking for them again. */
  deliveries: 120,
  /** Looks at the jobs of runs that are known to be ours. */
  rechecks: 300,
  /** Looks at the jobs of runs that discovery found, and more of our own when `rechecks` is spent. */
  looks: 350,
  /** Lists of installations, of repositories, and of the open runs of each. */
  surveys: 400,
};

/** What may be asked at once after a pause, in minutes of a line's rate: the rest of its hour refills evenly. */
const BURST_MINUTES = 4;

const burst = (line: SweepLine): number => (CALLS_PER_HOUR[line] / 60) * BURST_MINUTES;
const perMs = (line: SweepLine): number => (CALLS_PER_HOUR[line] - burst(line)) / 3_600_000;

export type Lines = Record<SweepLine, number>;

/** Calls that each line has at `now`; a clock that ran backwards gives and takes nothing. */
export function linesAt(item: Pick<SweepItem, 'lines'> | undefined, now: number): Lines {
  const left = (line: SweepLine): number => {
    const known = item?.lines?.[line];
    if (known === undefined) return burst(line);
    return Math.min(burst(line), known.tokens + Math.max(0, now - known.at) * perMs(line));
  };
  return byLine(left);
}

/** What the lease keeps: while a pass runs, nothing is left; a pass that dies has spent all it could have spent. */
export const keptLines = (lines: Lines, now: number): NonNullable<SweepItem['lines']> =>
  Object.fromEntries(SWEEP_LINES.map((line) => [line, { tokens: lines[line], at: now }]));

const byLine = (of: (line: SweepLine) => number): Lines => ({
  runners: of('runners'),
  deliveries: of('deliveries'),
  rechecks: of('rechecks'),
  looks: of('looks'),
  surveys: of('surveys'),
});

export const noLines = (): Lines => byLine(() => 0);

/** What the sweep has to go round, as it stands. */
export interface Round {
  /** Open runs in which jobs of ours are known. */
  readonly ownRuns: number;
  /** Open runs that discovery found without one. */
  readonly foreignRuns: number;
  /** Repositories with a push in the last day, and the others. */
  readonly active: number;
  readonly quiet: number;
}

/** How long it can take at most until a job that was never announced is found; ms. */
export interface DiscoveryBounds {
  /** In a run of which another job is known. */
  readonly inKnownRunMs: number;
  /** In a run of which nothing is known, by how lately its repository was pushed to. */
  readonly inActiveRepositoryMs: number;
  readonly inQuietRepositoryMs: number;
}

/** Open runs ÷ rate, and repositories × 2 ÷ rate, each with what passes before a look is due (DESIGN §4). */
export function discoveryBounds({ ownRuns, foreignRuns, active, quiet }: Round): DiscoveryBounds {
  const steady = (line: SweepLine): number => CALLS_PER_HOUR[line] - burst(line);
  const own = hours(ownRuns / steady('rechecks'));
  const foreign = hours(foreignRuns / steady('looks')) + 2 * SWEEP_PERIOD_MS;
  const listing = LISTING_CALLS_PER_HOUR + Math.ceil((active + quiet) / 100);
  const polls = Math.max(1, (steady('surveys') - listing) / CALLS_PER_POLL);
  // Where there is one kind alone, it has all the polls.
  const ofActive = quiet === 0 ? 1 : ACTIVE_OF.polls / ACTIVE_OF.of;
  const ofQuiet = active === 0 ? 1 : 1 - ACTIVE_OF.polls / ACTIVE_OF.of;
  return {
    inKnownRunMs: Math.ceil(RUN_LOOK_MS + 2 * SWEEP_PERIOD_MS + own),
    inActiveRepositoryMs: Math.ceil(hours(active / (polls * ofActive)) + foreign),
    inQuietRepositoryMs: Math.ceil(hours(quiet / (polls * ofQuiet)) + foreign),
  };
}

const hours = (count: number): number => count * 3_600_000;

const SWEEP_PERIOD_MS = 60_000;
/** Queued runs and runs in progress: jobs wait in both. */
export const CALLS_PER_POLL = 2;
const LISTING_CALLS_PER_HOUR = 1;
/** A run is looked at this long after it was first seen, and after each look. */
export const RUN_LOOK_MS = 5 * 60_000;
/** A run without a job of ours: one may still come. */
export const FOREIGN_LOOK_MS = 20 * 60_000;
/** A run older than GitHub's queue limit has no job that waits for a runner unseen; approvals may take 30 days. */
export const OLD_RUN_MS = 24 * 3_600_000;
export const OLD_LOOK_MS = 60 * 60_000;
/** A round of few begins no sooner than this after the one before: asking more often would find nothing. */
export const ROUND_MS = 5 * 60_000;
/** Of each three polls two go to repositories with a push in the last day, while there are any. */
export const ACTIVE_OF = { polls: 2, of: 3 } as const;
export const ACTIVE_MS = 24 * 3_600_000;
