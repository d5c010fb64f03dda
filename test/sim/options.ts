import { parseArgs } from 'node:util';

/** What a person may ask of `npm run sim`. */
export type Command =
  | { readonly do: 'help' }
  | {
      readonly do: 'campaign';
      readonly seeds: number;
      readonly from: number;
      readonly forMs: number | undefined;
      readonly workers: number | undefined;
      readonly json: boolean;
    }
  | ({ readonly do: 'replay' | 'why' } & Replayed)
  | { readonly do: 'exhaust'; readonly jobs: number; readonly from: number; readonly json: boolean }
  | { readonly do: 'mutants'; readonly json: boolean };

/** One seed and what is asked of it beside. */
export interface Replayed {
  readonly seed: number;
  readonly jobs: number | undefined;
  readonly crashAt: number | undefined;
  readonly only: readonly string[] | undefined;
  readonly runs: readonly number[] | undefined;
  /** A rule at whose breach the run ends. */
  readonly until: string | undefined;
  /** A bug planted for a test, by its name. */
  readonly mutant: string | undefined;
}

const SEEDS_DEFAULT = 500;
const SEEDS_MAX = 10_000_000;
const FOR_MAX_MS = 24 * 3_600_000;
const WORKERS_MAX = 256;
const JOBS_MAX = 1_000;
const EXHAUST_JOBS_DEFAULT = 2;
/** Each boundary of a port is one run: their number grows with the jobs. */
const EXHAUST_JOBS_MAX = 10;
const CRASH_MAX = 1_000_000;

export const USAGE = `npm run sim -- <command> [options]     days of faults over the real flows, in virtual time

  campaign      runs seeds and checks every rule; fails on a violation, on a fault that never struck
                where it should, on a situation that was never reached, and if the planted bug is not caught
    --seeds N     so many seeds (default ${SEEDS_DEFAULT})
    --from N      the first of them (default 1)
    --for TIME    take up no further seed after this time: 60s, 10m, 6h
    --workers N   so many threads (default: one for each core)
    --json        print one JSON object
  replay SEED   runs one seed and tells its story; equal options give an equal story and trace
  why SEED      finds the fewest faults and jobs under which the same rule still breaks, and tells that story
    --jobs N      so many jobs in place of those drawn
    --runs NUMS   of the runs that people plan only these, by their numbers, with commas between; or "none"
    --only IDS    only these faults strike, by their ids, with commas between; or "none"
    --until RULE  end as soon as this rule breaks
    --crash-at N  a function dies at this boundary of a port call
    --mutant NAME with this bug planted (test/sim/mutants.ts)
  exhaust       crashes a function once at every single boundary of every port call, one run each
    --jobs N      jobs per run (default ${EXHAUST_JOBS_DEFAULT}, at most ${EXHAUST_JOBS_MAX})
    --from N      the seed whose world it is (default 1)
    --json        print one JSON object
  mutants       plants each bug of test/sim/mutants.ts and counts the seeds until a rule catches it
    --json        print one JSON object: name to seeds, null where 1,000 were not enough
  --help        this text

Exit code 0: every rule held. 1: one did not, or a campaign is not worth its name. 2: wrong arguments.
`;

/** What a person can mend: a wrong argument. One sentence. */
export class UsageError extends Error {}

const OPTIONS = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  for: { type: 'string' },
  workers: { type: 'string' },
  json: { type: 'boolean' },
  jobs: { type: 'string' },
  runs: { type: 'string' },
  only: { type: 'string' },
  until: { type: 'string' },
  'crash-at': { type: 'string' },
  mutant: { type: 'string' },
  help: { type: 'boolean' },
} as const;

type Name = keyof typeof OPTIONS;

const TAKES: Readonly<Record<string, readonly Name[]>> = {
  campaign: ['seeds', 'from', 'for', 'workers', 'json'],
  replay: ['jobs', 'runs', 'only', 'until', 'crash-at', 'mutant'],
  why: ['jobs', 'runs', 'only', 'crash-at', 'mutant'],
  exhaust: ['jobs', 'from', 'json'],
  mutants: ['json'],
};

/** Reads the arguments. Throws a UsageError that says what was wanted and what was got. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  const [name, seed, ...rest] = positionals;
  if (values.help === true) return { do: 'help' };
  const takes = name === undefined ? undefined : TAKES[name];
  const names = Object.keys(TAKES).join(', ');
  if (takes === undefined)
    throw new UsageError(`want one of the commands ${names}, got ${quoted(name)} (--help lists them)`);
  for (const option of Object.keys(values))
    if (!takes.some((one) => one === option))
      throw new UsageError(`${name}: takes ${takes.map((one) => `--${one}`).join(', ')}, got --${option}`);
  const takesSeed = name === 'replay' || name === 'why';
  const extra = takesSeed ? rest[0] : seed;
  if (extra !== undefined) throw new UsageError(`${name}: want nothing after it but options, got "${extra}"`);
  if (takesSeed) return replayed(name, seed, values);
  const from = whole('--from', values.from, { min: 1, max: SEEDS_MAX }) ?? 1;
  const json = values.json === true;
  if (name === 'mutants') return { do: 'mutants', json };
  if (name === 'exhaust') {
    const jobs = whole('--jobs', values.jobs, { min: 1, max: EXHAUST_JOBS_MAX }) ?? EXHAUST_JOBS_DEFAULT;
    return { do: 'exhaust', jobs, from, json };
  }
  return {
    do: 'campaign',
    seeds: whole('--seeds', values.seeds, { min: 1, max: SEEDS_MAX }) ?? defaultSeeds(values.for),
    from,
    forMs: values.for === undefined ? undefined : timeOf(values.for),
    workers: whole('--workers', values.workers, { min: 1, max: WORKERS_MAX }),
    json,
  };
}

/** Who gives a time wants as many seeds as fit. */
const defaultSeeds = (time: string | undefined): number => (time === undefined ? SEEDS_DEFAULT : SEEDS_MAX);

type Values = ReturnType<typeof parsed>['values'];

function replayed(name: 'replay' | 'why', seed: string | undefined, values: Values): Command {
  const number = whole(`${name}: the seed`, seed, { min: 1, max: SEEDS_MAX });
  if (number === undefined) throw new UsageError(`${name}: want a seed, as in "${name} 17", got nothing`);
  return {
    do: name,
    seed: number,
    jobs: whole('--jobs', values.jobs, { min: 1, max: JOBS_MAX }),
    crashAt: whole('--crash-at', values['crash-at'], { min: 0, max: CRASH_MAX }),
    only: values.only === undefined ? undefined : partsOf(values.only),
    runs: values.runs === undefined ? undefined : partsOf(values.runs).map(runNumber),
    until: values.until,
    mutant: values.mutant,
  };
}

const runNumber = (text: string): number => whole('--runs', text, { min: 0, max: JOBS_MAX }) ?? 0;

const partsOf = (text: string): readonly string[] =>
  text === 'none'
    ? []
    : text
        .split(',')
        .map((id) => id.trim())
        .filter((id) => id !== '');

const quoted = (text: string | undefined): string => (text === undefined ? 'none' : `"${text}"`);

function whole(
  name: string,
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`${name}: want a whole number from ${min} to ${max}, got "${text}"`);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function timeOf(text: string): number {
  const [, digits = '', unit = ''] = /^([0-9]{1,9})([smh])$/.exec(text) ?? [];
  const ms = Number(digits) * (UNIT_MS[unit] ?? 0);
  if (ms > 0 && ms <= FOR_MAX_MS) return ms;
  throw new UsageError(`--for: want a time from 1s to 24h, as in 60s, 10m or 6h, got "${text}"`);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    const said = String(error)
      .replace(/^TypeError[^:]*: /, '')
      .split('. ')[0];
    throw new UsageError(`${said} (--help lists what there is)`);
  }
}
