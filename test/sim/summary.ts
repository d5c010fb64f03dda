import { againBy, type Campaign, complaints, emptyCells, unreached, WHOLE_SEEDS } from './campaign.ts';
import { CANARY } from './mutants.ts';
import type { Spent } from './workers.ts';

const HOUR = 3_600_000;

/** Events that one core handles in a second: events by the processor time of all threads. */
const perSecond = ({ events, busyMs }: Pick<Spent, 'events' | 'busyMs'>): number =>
  Math.round(events / (busyMs / 1_000));

const round = (value: number): number => Math.round(value * 100) / 100;

/** What `--json` prints. */
export const summaryOf = (spent: Spent) => ({
  seeds: spent.seeds,
  simulatedHours: round(spent.simulatedMs / HOUR),
  jobs: spent.jobs,
  runners: spent.runners,
  eventsPerSecond: perSecond(spent),
  faults: sorted(spent.faults),
  sometimes: sorted(spent.sometimes),
  violations: spent.failures.length,
  wallSeconds: round(spent.wallMs / 1_000),
});

const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The same for a person. */
export function tellCampaign(campaign: Campaign): string {
  const lines = [tellSpent(campaign), '', 'faults that struck, by kind and site'];
  for (const [kind, bySite] of Object.entries(sorted(campaign.faults)))
    lines.push(`  ${kind.padEnd(20)} ${tellCounts(bySite)}`);
  lines.push('', 'reached');
  for (const [name, times] of Object.entries(sorted(campaign.sometimes)))
    lines.push(`  ${name.padEnd(38)} ${times}`);
  lines.push('', tellCanary(campaign), tellWhole(campaign));
  return `${lines.join('\n')}\n`;
}

export function tellSpent(spent: Spent): string {
  const { seeds, simulatedHours, jobs, runners, eventsPerSecond, violations, wallSeconds } = summaryOf(spent);
  return [
    `${seeds} runs, ${Math.round(simulatedHours)} simulated hours, ${jobs} jobs, ${runners} runners in ${wallSeconds} s`,
    `${spent.events} events, ${eventsPerSecond} per second and core`,
    `${violations} runs broke a rule`,
  ].join('\n');
}

const tellCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(sorted(counts))
    .map(([site, times]) => `${site} ${times}`)
    .join(', ');

const tellCanary = ({ canarySeeds }: Campaign): string =>
  canarySeeds === undefined
    ? `the planted bug "${CANARY}" was not caught`
    : `the planted bug "${CANARY}" was caught at seed ${canarySeeds} of its own run`;

function tellWhole(campaign: Campaign): string {
  const empty = emptyCells(campaign).length;
  const missed = unreached(campaign).length;
  const found = `${empty} cells of the fault matrix are empty, ${missed} situations were not reached`;
  return campaign.seeds < WHOLE_SEEDS
    ? `${found}: no failure below ${WHOLE_SEEDS} seeds, which is where all must be`
    : found;
}

export const tellComplaints = (campaign: Campaign): string =>
  complaints(campaign)
    .map((line) => `FAILED ${line}\n`)
    .join('');

export function tellExhaust(spent: Spent & { readonly boundaries: number }): string {
  const lines = spent.failures.map(
    (failure) => `FAILED ${failure.rule}: ${failure.what}\n  ${againBy(failure)}`,
  );
  return `${[`${spent.boundaries} boundaries of port calls, a crash at each`, tellSpent(spent), ...lines].join('\n')}\n`;
}
