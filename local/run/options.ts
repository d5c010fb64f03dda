import { parseArgs } from 'node:util';

/** What a person may ask of `npm start`. */
export interface StartOptions {
  readonly jobs: number;
  readonly speed: number;
  readonly json: boolean;
  readonly chaos: boolean;
  /** What is drawn in the simulated worlds, and by chaos, follows from it. */
  readonly seed: string;
  readonly serve: boolean;
  readonly config: string;
  /** Port of the webhook's address on this machine; undefined takes a free one. */
  readonly port: number | undefined;
}

/** Without `--speed`: boot, claim and grace take a minute and more in real life. */
const SPEED_DEFAULT = 10;
const SPEED_MAX = 60;
const JOBS_DEFAULT = 6;
const SEED_DEFAULT = 'mayfly';
/** Each job is two processes on this machine while it runs. */
const JOBS_MAX = 2_000;
const PORT_MAX = 65_535;
/** From so many jobs on, a kind of fault that never struck is no bad luck but a hole in the run. */
export const CHAOS_JOBS_MIN = 100;
const SEED_CHARS_MAX = 100;

export const USAGE = `npm start -- [options]        the whole path on this machine: no AWS account, no GitHub

  --jobs N      queue N jobs (default ${JOBS_DEFAULT}, at most ${JOBS_MAX})
  --speed N     run all timers N times as fast (default ${SPEED_DEFAULT}, 1 with --serve, at most ${SPEED_MAX})
  --chaos       let things go wrong: webhooks lost, doubled and out of order, functions killed between two calls, machines
                that never boot, jobs taken by other runners; prints what struck how often
  --seed TEXT   draw other worlds and faults (default mayfly)
  --json        print one JSON object as the last line
  --serve       stay up and print the webhook's address and secret: send your own webhooks (Ctrl-C ends)
  --port N      answer webhooks at this port (default: a free one)
  --config FILE read this configuration (default mayfly.yaml)
  --help        this text

Exit code 0 only if every job completed and nothing is left; with --chaos and at least ${CHAOS_JOBS_MIN} jobs only if every kind of
fault struck, too.
`;

/** Thrown for what a person can mend: a wrong argument, a port in use, a folder that cannot be written. One sentence. */
export class UsageError extends Error {}

const wholeNumber = (name: string, value: string, max: number): number => {
  const number = Number(value);
  if (/^[0-9]+$/.test(value) && number >= 1 && number <= max) return number;
  throw new UsageError(`--${name}: want a whole number from 1 to ${max}, got "${value}".`);
};

function seedOf(value: string): string {
  if (value.length >= 1 && value.length <= SEED_CHARS_MAX) return value;
  throw new UsageError(`--seed: want 1 to ${SEED_CHARS_MAX} characters, got ${value.length}.`);
}

/** Reads the arguments; `help` when only the usage is wanted. Throws a UsageError that says what was wanted and got. */
export function readOptions(args: readonly string[]): StartOptions | 'help' {
  const values = parsed(args);
  if (values.help === true) return 'help';
  const serve = values.serve === true;
  return {
    jobs: values.jobs === undefined ? (serve ? 0 : JOBS_DEFAULT) : wholeNumber('jobs', values.jobs, JOBS_MAX),
    speed:
      values.speed === undefined
        ? serve
          ? 1
          : SPEED_DEFAULT
        : wholeNumber('speed', values.speed, SPEED_MAX),
    json: values.json === true,
    chaos: values.chaos === true,
    seed: values.seed === undefined ? SEED_DEFAULT : seedOf(values.seed),
    serve,
    config: values.config ?? 'mayfly.yaml',
    port: values.port === undefined ? undefined : wholeNumber('port', values.port, PORT_MAX),
  };
}

function parsed(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        jobs: { type: 'string' },
        speed: { type: 'string' },
        json: { type: 'boolean' },
        chaos: { type: 'boolean' },
        seed: { type: 'string' },
        serve: { type: 'boolean' },
        config: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(
      `${error instanceof Error ? error.message : 'wrong arguments'} (npm start -- --help lists them)`,
    );
  }
}
