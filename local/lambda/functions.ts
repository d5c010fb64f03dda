import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../json.ts';
import { EVENT_POLICY_DEFAULT, type EventPolicy, runEvent } from './async-invoke.ts';
import { type ContainerPool, createContainerPool } from './container-pool.ts';
import {
  type ContainerSurroundings,
  type FunctionSpec,
  functionOfKey,
  reservedNames,
} from './environment.ts';
import type { InvokeOutcome } from './outcome.ts';

/** Figures of one function since the start; `ms` is real time on containers. */
export type FunctionCounts = {
  readonly logicalId: string;
  readonly invocations: number;
  readonly errors: number;
  readonly throttles: number;
  readonly coldStarts: number;
  readonly ms: number;
};

/** All functions of a running stack, by logical id. An id that is not defined is our bug and throws. */
export type Functions = {
  /** Throws with a sentence when the template sets a name that Lambda reserves. */
  define(spec: FunctionSpec): void;
  setEventPolicy(logicalId: string, policy: EventPolicy): void;
  /** As InvocationType RequestResponse. */
  invoke(logicalId: string, event: Json): Promise<InvokeOutcome>;
  /** As InvocationType Event; resolves when the event is settled, its repetitions included. */
  invokeEvent(logicalId: string, event: Json): Promise<InvokeOutcome>;
  /** Ends all containers of a function at once and tells how many. */
  kill(logicalId: string): number;
  /** Ends the container that signs with this key, if there is one. */
  killByAccessKey(accessKeyId: string): void;
  /** The logical id behind an ARN or a function name. */
  find(arnOrName: string): string | undefined;
  specOf(logicalId: string): FunctionSpec;
  counts(): readonly FunctionCounts[];
  /** Takes one function away, or all of them. */
  close(logicalId?: string): Promise<void>;
};

type Entry = {
  spec: FunctionSpec;
  pool: ContainerPool;
  policy: EventPolicy;
  counts: FunctionCounts;
  stop: AbortController;
};

/** No functions yet. Output goes to `<logDirectory>/<logical id>.log`. */
export function createFunctions(surroundings: ContainerSurroundings, logDirectory: string): Functions {
  mkdirSync(logDirectory, { recursive: true });
  const entries = new Map<string, Entry>();
  const entry = (logicalId: string): Entry => {
    const found = entries.get(logicalId);
    if (!found)
      throw new Error(`function ${logicalId} is not defined; defined: ${[...entries.keys()].join(', ')}`);
    return found;
  };
  const counted = (of: Entry): ContainerPool => ({
    ...of.pool,
    run: async (event, isStale) => {
      const outcome = await of.pool.run(event, isStale);
      of.counts = added(of.counts, outcome);
      return outcome;
    },
  });
  const close = async (logicalId: string) => {
    const { stop, pool } = entry(logicalId);
    stop.abort(new Error('closed'));
    await pool.close();
  };
  return {
    define: (spec) => {
      const reserved = reservedNames(spec.environment);
      if (reserved.length > 0)
        throw new Error(`environment: Lambda reserves the names ${reserved.join(', ')}`);
      const pool = createContainerPool(spec, surroundings, join(logDirectory, `${spec.logicalId}.log`));
      entries.set(spec.logicalId, newEntry(spec, pool));
    },
    setEventPolicy: (logicalId, policy) => {
      entry(logicalId).policy = policy;
    },
    invoke: (logicalId, event) => counted(entry(logicalId)).run(JSON.stringify(event)),
    invokeEvent: (logicalId, event) => {
      const of = entry(logicalId);
      const how = { policy: of.policy, clock: surroundings.clock, signal: of.stop.signal };
      return runEvent(counted(of), JSON.stringify(event), how);
    },
    kill: (logicalId) => entry(logicalId).pool.kill(),
    killByAccessKey: (accessKeyId) => {
      const logicalId = functionOfKey(accessKeyId);
      if (logicalId !== undefined) entries.get(logicalId)?.pool.kill(accessKeyId);
    },
    find: (text) =>
      [...entries.values()].find(({ spec }) => spec.arn === text || spec.name === text)?.spec.logicalId,
    specOf: (logicalId) => entry(logicalId).spec,
    counts: () =>
      [...entries.values()].map(({ counts, pool }) => ({ ...counts, coldStarts: pool.coldStarts() })),
    close: async (logicalId) => {
      await Promise.all((logicalId === undefined ? [...entries.keys()] : [logicalId]).map(close));
    },
  };
}

const newEntry = (spec: FunctionSpec, pool: ContainerPool): Entry => ({
  ...{ spec, pool, policy: EVENT_POLICY_DEFAULT, stop: new AbortController() },
  counts: { logicalId: spec.logicalId, invocations: 0, errors: 0, throttles: 0, coldStarts: 0, ms: 0 },
});

/** What never reached the code counts as throttle, not as invocation: as in Lambda's metrics. */
function added(counts: FunctionCounts, outcome: InvokeOutcome): FunctionCounts {
  if (!outcome.ok && (outcome.fault === 'expired' || outcome.fault === 'closed')) return counts;
  if (!outcome.ok && outcome.fault === 'throttled') return { ...counts, throttles: counts.throttles + 1 };
  return {
    ...counts,
    invocations: counts.invocations + 1,
    errors: counts.errors + (outcome.ok ? 0 : 1),
    ms: counts.ms + outcome.ms,
  };
}
