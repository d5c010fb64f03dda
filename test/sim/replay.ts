import { minimise } from './minimise.ts';
import { findMutant } from './mutants.ts';
import { type Replayed, UsageError } from './options.ts';
import { RULES } from './rules.ts';
import { type SimulateOptions, simulate, type Verdict } from './simulate.ts';

type Say = (line: string) => void;

/** Runs one seed and tells its story. Answers whether every rule held. */
export async function replay(asked: Replayed, say: Say): Promise<boolean> {
  const verdict = await tell(optionsOf(asked), say);
  return verdict.violations.length === 0;
}

/** Finds the fewest faults and jobs under which the same rule breaks, and tells that story. */
export async function why(asked: Replayed, say: Say): Promise<boolean> {
  const startedAt = performance.now();
  const minimal = await minimise(optionsOf(asked));
  if (minimal === undefined) {
    say(`seed ${asked.seed}: every rule held`);
    return true;
  }
  const { rule, faults, faultsBefore, jobsBefore, tries, verdict } = minimal;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  say(`${rule}   seed ${asked.seed}, minimised in ${seconds} s and ${tries} tries:`);
  say(`${verdict.jobs} jobs of ${jobsBefore}, ${faults.length} faults of ${faultsBefore}`);
  say('');
  const options = { ...minimal.options, stopAt: [rule] };
  await tell(options, say);
  const only = listed(faults);
  const runs = listed([...(options.onlyRuns ?? [])]);
  const mutant = asked.mutant === undefined ? '' : ` --mutant ${asked.mutant}`;
  const crashAt = asked.crashAt === undefined ? '' : ` --crash-at ${asked.crashAt}`;
  const jobs = asked.jobs === undefined ? '' : ` --jobs ${asked.jobs}`;
  say(
    `replay: npm run sim -- replay ${asked.seed}${jobs} --runs ${runs} --only "${only}" --until ${rule}${crashAt}${mutant}`,
  );
  return false;
}

const listed = (list: readonly unknown[]): string => (list.length === 0 ? 'none' : list.join(','));

function ruleOf(name: string): string {
  if (RULES.some((rule) => rule.name === name)) return name;
  throw new UsageError(`--until: want one of ${RULES.map((rule) => rule.name).join(', ')}, got "${name}"`);
}

const optionsOf = ({ seed, jobs, crashAt, only, runs, until, mutant }: Replayed): SimulateOptions => {
  const planted = mutant === undefined ? undefined : findMutant(mutant);
  return {
    ...planted?.world,
    seed,
    ...(jobs !== undefined && { jobs }),
    crashAt,
    only: only && new Set(only),
    onlyRuns: runs && new Set(runs),
    stopAt: until === undefined ? undefined : [ruleOf(until)],
    mutation: planted?.mutation,
  };
};

async function tell(options: SimulateOptions, say: Say): Promise<Verdict> {
  let startAt: number | undefined;
  const lines: { readonly at: number; readonly line: string }[] = [];
  const verdict = await simulate({ ...options, story: (at, line) => void lines.push({ at, line }) });
  startAt = verdict.scenario.startAt;
  for (const { id, at } of verdict.fired) lines.push({ at, line: `    fault ${id}` });
  lines.sort((a, b) => a.at - b.at);
  say(tellScenario(verdict));
  for (const { at, line } of lines) say(`${clockTime(at - startAt)}  ${line}`);
  say('');
  say(
    `${verdict.events} events, ${verdict.fired.length} faults, trace ${verdict.trace.toString(16).padStart(8, '0')}`,
  );
  for (const { rule, what } of verdict.violations) say(`*** ${rule}: ${what}`);
  if (verdict.violations.length === 0) say('every rule held');
  return verdict;
}

/** `1:02:03.4` from the start of the run. */
function clockTime(ms: number): string {
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const seconds = ((ms % 60_000) / 1_000).toFixed(1).padStart(4, '0');
  return `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`;
}

function tellScenario({ scenario }: Verdict): string {
  const { seed, workload, scope, pools, odds, aims } = scenario;
  const { shape, jobs } = workload;
  const on = Object.keys(odds).join(' ') || 'none';
  const kinds = pools.map(
    ({ name, market, hardening, limits }) => `${name} ${market} ${hardening} max ${limits.runnersMax}`,
  );
  const oddities = [
    scenario.isCramped && 'cramped',
    scenario.hasMixedLabels && 'mixed labels',
    scenario.deployAt !== null && 'a deploy',
    scenario.suspended !== null && 'a suspension',
    scenario.vcpusMax !== null && `${scenario.vcpusMax} vCPUs`,
    scenario.pointsMax !== null && `${scenario.pointsMax} points a minute`,
  ].filter((word) => word !== false);
  return [
    `seed ${seed}: ${jobs} jobs, ${shape}, ${scope} scope, ${oddities.join(', ') || 'nothing odd'}`,
    `pools: ${kinds.join('; ')}`,
    `faults on: ${on}`,
    `aimed at: ${aims.join(' ') || 'nothing'}`,
    '',
  ].join('\n');
}
