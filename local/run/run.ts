import { readConfig } from '../../lib/config/read-config.ts';
import { createChaos } from './chaos.ts';
import { openDesk } from './desk.ts';
import { createRunFolder, dumpLedger, dumpParked, type RunFolder } from './folder.ts';
import type { StartOptions } from './options.ts';
import { requireFreePort } from './port.ts';
import { createPrinter, type Printer } from './printer.ts';
import { isOver, isSettled, type Snapshot } from './snapshot.ts';
import { type Counted, type Summary, summarize } from './summary.ts';
import { SynthError } from './synth.ts';
import { hasAllUsage } from './usage.ts';
import { look } from './watch.ts';
import { queueJobs } from './workload.ts';
import { type LocalWorld, startWorld } from './world.ts';

/** Exit code of a run that Ctrl-C ended: 128 and the signal's number, as shells have it. */
const INTERRUPTED = 130;
/** How often the picture is drawn anew, in real ms. */
const LOOK_REAL_MS = 250;
/** A load that is not through by then never will be; the summary then names what hangs. */
const LOAD_REAL_MAX_MS = 15 * 60_000;
/** After the last job the machines have this long, in virtual ms, to be gone: idle limit, grace, a sweep or two. */
const WIND_DOWN_MAX_MS = 20 * 60_000;

/** Starts everything, runs the load, sums up, ends everything. Returns the exit code. */
export async function runLocally(options: StartOptions): Promise<number> {
  const printer = createPrinter(options);
  const read = readConfig(options.config);
  if (!read.ok) throw new SynthError(read.problems.join('\n'));
  const startedAt = Date.now();
  if (options.port !== undefined) await requireFreePort(options.port);
  const folder = createRunFolder(process.cwd(), runName(startedAt));
  const stopped = interruption();
  printer.say(
    `Mayfly on this machine, all timers ${options.speed} times as fast. No AWS account, no GitHub.`,
  );
  const chaos = options.chaos ? createChaos(options.seed) : undefined;
  const world = await startWorld({
    ...{ config: read.config, configPath: options.config, speed: options.speed, port: options.port },
    ...{ folder, stopped, say: printer.say, seed: options.seed },
    ...(chaos && { knobs: chaos.knobs, overGitHub: chaos.overGitHub }),
  }).catch((error: unknown) => {
    // What was interrupted may fail in any way: that is no news.
    if (stopped.aborted) return undefined;
    throw error;
  });
  if (world === undefined) return INTERRUPTED;
  const base = { v: 1 as const, name: folder.name, startedAt, speed: options.speed, jobs: options.jobs };
  const stackId = world.stack.outputs['StackId'] ?? '';
  try {
    const { endpointUrl, identity } = world.stack;
    const { region, stackName } = identity;
    const live = { endpointUrl, region, stackName, epochMs: world.clock.epochMs };
    folder.write({ ...base, live, endedAt: null, stackId, summary: null });
    chaos?.arm(world.stack);
    const before = countCalls(world);
    if (options.jobs > 0)
      queueJobs(world.forge.model, read.config, { count: options.jobs, now: world.clock.now() });
    const desk = options.serve ? await openDesk(world.forge.model, world.clock.now) : undefined;
    if (desk !== undefined) printer.serving(world, desk);
    const last = await watch(world, { printer, folder, stopped, serve: options.serve });
    await desk?.close();
    const rows = await dumpLedger(world.stack, folder);
    const parked = await dumpParked(world.stack, folder);
    const summary = sumUp(last, world, { before, parked: parked.length, chaos: chaos?.report(world, rows) });
    const ledgerNow = world.clock.now();
    folder.write({ ...base, endedAt: Date.now(), ledgerNow, stackId, summary: { ...summary } });
    printer.summary(summary, folder);
    return exitCode(summary, options, stopped.aborted);
  } finally {
    await world.close();
  }
}

const exitCode = (summary: Summary, options: StartOptions, isInterrupted: boolean): number => {
  if (isInterrupted) return options.serve ? 0 : INTERRUPTED;
  return summary.failures.length === 0 ? 0 : 1;
};

const runName = (at: number): string => new Date(at).toISOString().replace(/[:.]/g, '-').slice(0, 19);

/** Ctrl-C and termination end the run in order; a second one ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

/** Draws until the load is through and everything is gone, or a bound is reached. */
async function watch(
  world: LocalWorld,
  how: {
    readonly printer: Printer;
    readonly folder: RunFolder;
    readonly stopped: AbortSignal;
    readonly serve: boolean;
  },
): Promise<Snapshot> {
  const { clock } = world;
  const startedAt = clock.now();
  const endsAt = Date.now() + LOAD_REAL_MAX_MS;
  let overSince: number | undefined;
  for (;;) {
    const now = clock.now();
    const snapshot = look({ ec2: world.region.model, github: world.forge.model }, { now, startedAt });
    how.printer.draw(snapshot);
    if (how.stopped.aborted) return snapshot;
    if (!how.serve && Date.now() > endsAt) return snapshot;
    if (snapshot.jobs.every(isOver)) overSince ??= now;
    const isLate = overSince !== undefined && now - overSince > WIND_DOWN_MAX_MS;
    const isClear = isSettled(snapshot) && world.forge.model.truth.registrations(now).length === 0;
    const isQuiet = isClear && hasAllUsage(how.folder, snapshot);
    if (!how.serve && (isQuiet || isLate)) return snapshot;
    await pause(LOOK_REAL_MS, how.stopped);
  }
}

const pause = (ms: number, stopped: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stopped.addEventListener('abort', end);
  });

interface Calls {
  readonly github: number;
  readonly aws: number;
}

const total = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0);

/** Calls so far; what creating the stack took is not the jobs'. */
const countCalls = (world: LocalWorld): Calls => ({
  github: total(world.forge.model.truth.calls().values()),
  aws: total(world.stack.counts().aws.map(({ calls }) => calls)),
});

function sumUp(
  last: Snapshot,
  world: LocalWorld,
  { before, ...also }: { readonly before: Calls } & Pick<Counted, 'parked' | 'chaos'>,
): Summary {
  const { truth } = world.forge.model;
  const { github, aws } = countCalls(world);
  return summarize(last, {
    registrationsLeft: truth.registrations(last.now).length,
    jitIssued: truth.issued(last.now).length,
    ...also,
    githubCalls: github - before.github,
    awsCalls: aws - before.aws,
    speed: world.clock.speed,
  });
}
