import type { Clock, Dice } from '../../lambdas/ports/clock.ts';
import type { GitHub } from '../../lambdas/ports/github.ts';
import type { Instances } from '../../lambdas/ports/instances.ts';
import type { JobsQueue } from '../../lambdas/ports/jobs-queue.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import { type Fault, failed, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { UsageLake } from '../../lambdas/ports/usage.ts';
import { fractionOf, hashText, mix } from './draws.ts';
import type { LatencyMs, Run, World } from './world.ts';

/** How long calls take where nothing goes wrong; each way draws from the range. */
const LEDGER_MS: LatencyMs = { minMs: 2, maxMs: 15 };
const EC2_MS: LatencyMs = { minMs: 80, maxMs: 600 };
const LAUNCH_MS: LatencyMs = { minMs: 400, maxMs: 2_500 };
const GITHUB_MS: LatencyMs = { minMs: 60, maxMs: 500 };
const SQS_MS: LatencyMs = { minMs: 4, maxMs: 40 };

interface Call<T> {
  readonly latency: LatencyMs;
  readonly isWrite: boolean;
  readonly effect: () => Promise<Outcome<T>>;
}

/** One call whose answer is an outcome: an answer lost becomes the port's own fault, never an exception. */
const crossed = <T>(world: World, run: Run, port: string, call: Call<T>): Promise<Outcome<T>> =>
  world.cross<Outcome<T>>(run, { ...call, site: siteOf(run.fn, port), failed });

const sites = new Map<string, Map<string, string>>();

/** `dispatch/ledger.write`: put together once. */
function siteOf(fn: string, port: string): string {
  let ofFn = sites.get(fn);
  if (ofFn === undefined) {
    ofFn = new Map();
    sites.set(fn, ofFn);
  }
  let site = ofFn.get(port);
  if (site === undefined) {
    site = `${fn}/${port}`;
    ofFn.set(port, site);
  }
  return site;
}

export function ledgerThrough(world: World, run: Run, ledger: Ledger): Ledger {
  const read = <T>(port: string, effect: () => Promise<Outcome<T>>) =>
    crossed(world, run, port, { latency: LEDGER_MS, isWrite: false, effect });
  return {
    read: (kind, id) => read('ledger.read', () => ledger.read(kind, id)),
    readMany: (kind, ids) => read('ledger.readMany', () => ledger.readMany(kind, ids)),
    write: (item) =>
      crossed(world, run, 'ledger.write', {
        latency: LEDGER_MS,
        isWrite: true,
        effect: () => ledger.write(item),
      }),
    due: (shard, until, max) => read('ledger.due', () => ledger.due(shard, until, max)),
    demand: (query) => read('ledger.demand', () => ledger.demand(query)),
  };
}

export function instancesThrough(world: World, run: Run, instances: Instances): Instances {
  const call = <T>(port: string, isWrite: boolean, effect: () => Promise<Outcome<T>>) =>
    crossed(world, run, port, { latency: EC2_MS, isWrite, effect });
  return {
    launch: (request) =>
      crossed(world, run, 'instances.launch', {
        latency: LAUNCH_MS,
        isWrite: true,
        effect: () => instances.launch(request),
      }),
    findByTicket: (ticket) => call('instances.findByTicket', false, () => instances.findByTicket(ticket)),
    list: (stackId) => call('instances.list', false, () => instances.list(stackId)),
    terminate: (ids) =>
      world.cross<ReadonlyMap<string, 'ending' | 'unseen' | Fault>>(run, {
        site: siteOf(run.fn, 'instances.terminate'),
        latency: EC2_MS,
        isWrite: true,
        effect: () => instances.terminate(ids),
        failed: (fault) => new Map(ids.map((id) => [id, fault])),
      }),
    disableMetadata: (id) => call('instances.disableMetadata', true, () => instances.disableMetadata(id)),
    metadataState: (id) => call('instances.metadataState', false, () => instances.metadataState(id)),
  };
}

export function gitHubThrough(world: World, run: Run, github: GitHub): GitHub {
  const call = <T>(port: string, isWrite: boolean, effect: () => Promise<Outcome<T>>) =>
    crossed(world, run, port, { latency: GITHUB_MS, isWrite, effect });
  return {
    mint: (request) => call('github.mint', true, () => github.mint(request)),
    deregister: (scope, id) => call('github.deregister', true, () => github.deregister(scope, id)),
    findRunner: (scope, name) => call('github.findRunner', false, () => github.findRunner(scope, name)),
    listRunners: (scope) => call('github.listRunners', false, () => github.listRunners(scope)),
    run: (scope, name, id) => call('github.run', false, () => github.run(scope, name, id)),
    job: (scope, name, id) => call('github.job', false, () => github.job(scope, name, id)),
    runJobs: (scope, name, of) => call('github.runJobs', false, () => github.runJobs(scope, name, of)),
    cancelRun: (scope, name, id) => call('github.cancelRun', true, () => github.cancelRun(scope, name, id)),
    openRuns: (scope, name, status) =>
      call('github.openRuns', false, () => github.openRuns(scope, name, status)),
    repositories: (id) => call('github.repositories', false, () => github.repositories(id)),
    installations: () => call('github.installations', false, () => github.installations()),
    installationOf: (name) => call('github.installationOf', false, () => github.installationOf(name)),
    deliveries: (page) => call('github.deliveries', false, () => github.deliveries(page)),
    redeliver: (id) => call('github.redeliver', true, () => github.redeliver(id)),
    facts: (scope, name, wish) => call('github.facts', false, () => github.facts(scope, name, wish)),
  };
}

export const usageThrough = (world: World, run: Run, usage: UsageLake): UsageLake => ({
  put: (records) =>
    crossed(world, run, 'usage.put', { latency: SQS_MS, isWrite: true, effect: () => usage.put(records) }),
});

export const queueThrough = (world: World, run: Run, queue: JobsQueue): JobsQueue => ({
  send: (event) =>
    crossed(world, run, 'queue.send', { latency: SQS_MS, isWrite: true, effect: () => queue.send(event) }),
});

/** The clock of one container: a little wrong, and asleep only as long as its function lives. */
export const clockOf = (world: World, run: Run): Clock => ({
  now: () => world.clock.now + run.skewMs,
  sleep: (ms) =>
    new Promise((resolve) => {
      world.clock.after(ms, () => {
        if (run.hasEnded) return;
        world.clock.touch();
        resolve();
      });
    }),
});

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SECRET_LETTERS = `${LETTERS}ABCDEFGHIJKLMNOPQRSTUVWXYZ-_`;
const SECRET_CHARS = 43;

/** Chance that follows from who draws and how often. */
export const diceOf = (world: Pick<World, 'seed'>, run: Pick<Run, 'key'>): Dice =>
  createDice(mix(mix(world.seed, hashText('dice')), run.key));

function createDice(base: number): Dice {
  let draws = 0;
  const fraction = (): number => {
    draws += 1;
    return fractionOf(mix(base, draws));
  };
  const text = (from: string, length: number): string => {
    let made = '';
    for (let index = 0; index < length; index += 1) made += from.charAt(Math.floor(fraction() * from.length));
    return made;
  };
  return {
    fraction,
    letters: (length) => text(LETTERS, length),
    secret: () => text(SECRET_LETTERS, SECRET_CHARS),
  };
}
