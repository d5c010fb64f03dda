import { type BreakerMemory, withBreaker } from '../../lambdas/flow/github-breaker.ts';
import type { GitHub } from '../../lambdas/ports/github.ts';
import type { Journal } from '../../lambdas/ports/journal.ts';
import { createMemoryGitHub } from '../../local/memory/memory-github.ts';
import { createMemoryInstances } from '../../local/memory/memory-instances.ts';
import { between, fractionOf, hashText, mix } from './draws.ts';
import type { RawPorts, Sim } from './sim.ts';
import {
  clockOf,
  diceOf,
  gitHubThrough,
  instancesThrough,
  ledgerThrough,
  queueThrough,
  usageThrough,
} from './through-world.ts';
import { watched } from './watched.ts';
import type { Run } from './world.ts';

export type FunctionName = 'webhook' | 'dispatch' | 'claim' | 'report' | 'guard' | 'observe' | 'sweep';

/** What one invocation gets: the ports through the world, and the version that its container runs. */
export interface Given extends RawPorts {
  readonly clock: ReturnType<typeof clockOf>;
  readonly dice: ReturnType<typeof diceOf>;
  readonly journal: Journal;
  readonly deployment: Sim['deployed']['deployment'];
}

export type Ended<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly how: 'crashed' | 'timed-out' | 'threw' };

export interface Invocation<T> {
  readonly fn: FunctionName;
  readonly name: string;
  /** No fault strikes this invocation. */
  readonly isSpared?: boolean;
  readonly work: (given: Given) => Promise<T>;
  readonly done: (ended: Ended<T>) => void;
}

export interface Lambdas {
  invoke<T>(invocation: Invocation<T>): void;
  /** Containers of an older version that took work after a newer one was deployed. */
  readonly oldVersionUses: number;
}

/** Time limits of lib/function-sizes.ts, in ms. */
const LIMIT_MS: Readonly<Record<FunctionName, number>> = {
  webhook: 10_000,
  dispatch: 15_000,
  claim: 20_000,
  report: 10_000,
  guard: 10_000,
  observe: 15_000,
  sweep: 55_000,
};
/** After a deploy, invocations may still go to containers of the old version for this long. */
const OVERLAP_MS = 3 * 60_000;
const COLD_MS = { min: 150, max: 900 };
/** Clocks of containers differ by so much, one way or the other. */
const SKEW_MS = 400;

interface Container {
  readonly version: number;
  readonly deployment: Sim['deployed']['deployment'];
  readonly github: GitHub;
  readonly skewMs: number;
  readonly breaker: BreakerMemory;
}

export function createLambdas(sim: () => Sim): Lambdas {
  const idle = new Map<FunctionName, Container[]>();
  let containers = 0;
  let oldVersionUses = 0;
  let deployedVersion = 0;
  let deployedAt = Number.NEGATIVE_INFINITY;

  const create = (): Container => {
    const { deployed, github, clock, seed } = { ...sim(), seed: sim().scenario.seed };
    containers += 1;
    const skewMs = between(fractionOf(mix(seed, hashText(`skew ${containers}`))), -SKEW_MS, SKEW_MS);
    const port = createMemoryGitHub({
      model: github,
      clock: { now: () => clock.now + skewMs, sleep },
      dice: diceOf({ seed }, { key: hashText(`container ${containers}`) }),
    });
    return { ...deployed, github: port, skewMs, breaker: new Map() };
  };
  /** An idle container whose version may still be used; the newest first. */
  const take = (fn: FunctionName): { container: Container; isCold: boolean } => {
    const { deployed, clock } = sim();
    if (deployed.version !== deployedVersion) {
      deployedVersion = deployed.version;
      deployedAt = clock.now;
    }
    const list = idle.get(fn) ?? [];
    idle.set(fn, list);
    while (list.length > 0) {
      const container = list.shift();
      if (container === undefined) break;
      const isOld = container.version < deployed.version;
      if (isOld && clock.now > deployedAt + OVERLAP_MS) continue;
      if (isOld) oldVersionUses += 1;
      return { container, isCold: false };
    }
    return { container: create(), isCold: true };
  };
  return {
    get oldVersionUses() {
      return oldVersionUses;
    },
    invoke: (invocation) => {
      const { fn } = invocation;
      const { container, isCold } = take(fn);
      const release = (isWell: boolean) => void (isWell && idle.get(fn)?.push(container));
      start(sim(), { invocation, container, isCold, release });
    },
  };
}

const sleep = async (): Promise<void> => {};

interface Start<T> {
  readonly invocation: Invocation<T>;
  readonly container: Container;
  readonly isCold: boolean;
  readonly release: (isWell: boolean) => void;
}

function start<T>(sim: Sim, { invocation, container, isCold, release }: Start<T>): void {
  const { fn, name, isSpared = false, work, done } = invocation;
  const { clock } = sim;
  const key = hashText(`${fn}:${name}`);
  const end = (ended: Ended<T>): void => {
    if (run.hasEnded) return;
    run.hasEnded = true;
    release(ended.ok);
    if (!ended.ok && ended.how !== 'threw') sim.tell({ kind: 'died', fn, how: ended.how });
    done(ended);
  };
  const run: Run = {
    name: `${fn}:${name}`,
    fn,
    key,
    isSpared,
    skewMs: container.skewMs + (sim.mutation?.skewMs?.(fn) ?? 0),
    calls: 0,
    hasEnded: false,
    die: (how) => end({ ok: false, how }),
  };
  const coldMs = isCold ? between(fractionOf(mix(key, 7)), COLD_MS.min, COLD_MS.max) : 1;
  clock.after(coldMs, () => {
    clock.touch();
    clock.note(key);
    clock.after(LIMIT_MS[fn], () => run.die('timed-out'));
    work(givenTo(sim, run, container)).then(
      (value) => end({ ok: true, value }),
      (error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        sim.tell({ kind: 'threw', fn, error: text });
        end({ ok: false, how: 'threw' });
      },
    );
  });
}

function givenTo(sim: Sim, run: Run, container: Container): Given {
  const { world, mutation } = sim;
  const raw: RawPorts = watched(sim, run, {
    ledger: sim.store,
    instances: createMemoryInstances({ model: sim.ec2, clock: { now: () => sim.clock.now } }),
    github: container.github,
    queue: sim.jobsPort,
    usage: sim.usage,
  });
  const ports = mutation?.ports?.(raw, { fn: run.fn, sim }) ?? raw;
  const ledger = ledgerThrough(world, run, ports.ledger);
  const hub = gitHubThrough(world, run, ports.github);
  const through: RawPorts = {
    ledger,
    instances: instancesThrough(world, run, ports.instances),
    github: withBreaker(hub, { ledger, clock: clockOf(world, run), known: container.breaker }),
    queue: queueThrough(world, run, ports.queue),
    usage: usageThrough(world, run, ports.usage),
  };
  return {
    ...(mutation?.answers?.(through, { fn: run.fn, sim }) ?? through),
    clock: clockOf(world, run),
    dice: diceOf(world, run),
    journal: journalOf(sim),
    deployment: mutation?.deployment?.(container.deployment) ?? container.deployment,
  };
}

const journalOf = (sim: Sim): Journal => ({
  say: (event, fields = {}) => sim.tell({ kind: 'said', event, fields }),
  warn: (event, fields = {}) => sim.tell({ kind: 'said', event, fields }),
  count: (metric, by) => sim.tell({ kind: 'counted', metric, pool: by?.pool, reason: by?.reason }),
});
