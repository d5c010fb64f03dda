import type { JobItem, LaunchItem, RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { freshPool, giveBack, heldBack, launchServed } from '../core/breaker.ts';
import { waitAgain } from '../core/job.ts';
import { type LaunchResult, resolved, retryAt, settleLaunch } from '../core/launch-plan.ts';
import { newRunner } from '../core/runner.ts';
import { expiryOf, UNSURE_LOOK_MS } from '../core/spacing.ts';
import type { LaunchAnswer, LaunchedInstance } from '../ports/instances.ts';
import type { Outcome } from '../ports/outcome.ts';
import { amend } from './amend.ts';
import { inParallel, LEDGER_WIDTH } from './bounded.ts';
import type { World } from './world.ts';

/**
 * Writes what a launch gave: runners first, then the launch as resolved, then the jobs that got nothing. A death in
 * between leaves the launch open, and the sweep finds its instances by the ticket's tag.
 * Returns unserved jobs that another market may serve.
 */
export async function settle(
  launch: LaunchItem,
  what: {
    readonly answer: Outcome<LaunchAnswer>;
    readonly jobs: readonly JobItem[];
    /** Another market may still serve: a limit of this one does not hold the pool then. */
    readonly mayFallBack?: boolean;
  },
  world: World,
): Promise<readonly JobItem[]> {
  const answer = what.answer.ok ? what.answer : asAnswer(what.answer);
  const settled = answer === undefined ? undefined : settleLaunch(launch, answer.value);
  const mayFallBack = what.mayFallBack === true && settled?.reason !== 'launch-refused';
  const result = settled && { ...settled, holdsPool: settled.holdsPool && !mayFallBack };
  if (result === undefined || result.isUnsure || result.reason === 'launch-unsure') {
    await lookLater(launch, world);
    return [];
  }
  const written = await writeRunners(launch, result.served, world);
  if (!written) return [];
  if (!(await close(launch, result, world))) return [];
  const released = await releaseJobs(result, what.jobs, world);
  return mayFallBack && FALL_BACK.includes(result.reason) ? released : [];
}

/** A fault of the whole call is the same fault for every unit; `unsure` is none: instances may exist. */
function asAnswer(outcome: Outcome<LaunchAnswer>): { readonly value: LaunchAnswer } | undefined {
  if (outcome.ok) return outcome;
  if (outcome.fault.kind === 'unsure' || outcome.fault.code === 'IdempotentParameterMismatch')
    return undefined;
  return { value: { instances: [], faults: [{ instanceType: null, zone: null, fault: outcome.fault }] } };
}

async function lookLater(launch: LaunchItem, world: World): Promise<void> {
  world.journal.warn('launch-unsure', { ticket: launch.ticket, pool: launch.pool });
  await world.ledger.write({ ...launch, due: world.clock.now() + UNSURE_LOOK_MS });
}

export interface Served {
  readonly instance: LaunchedInstance;
  readonly unit: LaunchItem['units'][number];
  /** As EC2 tells it; left out right after the launch. */
  readonly launchedAt?: number;
}

/** Every instance becomes a runner with an intent. False when one could not be written: the launch stays open. */
export async function writeRunners(
  launch: LaunchItem,
  served: readonly Served[],
  world: World,
  reason: Reason = 'launched',
): Promise<boolean> {
  const now = world.clock.now();
  const written = await inParallel(served, LEDGER_WIDTH, async ({ instance, unit, launchedAt }) => {
    const target = launch.targets[unit.group];
    if (target === undefined) return 'stale';
    const runner: RunnerItem = newRunner(
      launch,
      instance,
      { group: unit.group, cause: unit.jobId, target },
      { now, by: world.by, reason, launchedAt: launchedAt ?? now },
    );
    const answer = await world.ledger.write(runner);
    // 'stale': somebody adopted the instance first.
    return answer.ok ? answer.value : undefined;
  });
  const launched = written.filter((item) => item !== undefined && item !== 'stale').length;
  if (launched > 0) world.journal.count('Launched', { pool: launch.pool, n: launched });
  return written.every((item) => item !== undefined);
}

/**
 * The launch is resolved, and only then is the room of what it did not give free: an open launch is replayed, and needs it. False
 * when that was not written for certain: the launch stays open, its jobs keep its ticket, and the sweep goes on from there.
 */
async function close(launch: LaunchItem, result: LaunchResult, world: World): Promise<boolean> {
  const now = world.clock.now();
  const ids = result.served.map(({ instance }) => instance.instanceId);
  const written = await world.ledger.write(resolved(launch, ids, expiryOf(now)));
  if (!written.ok || written.value === 'stale') return false;
  const short = result.unserved.length;
  if (short === 0 && result.served.length <= launch.units.length) {
    await amend(world.ledger, { kind: 'pool', id: launch.pool }, (pool) =>
      pool === undefined ? undefined : launchServed(pool),
    );
    return true;
  }
  world.journal.count('LaunchShort', { pool: launch.pool, reason: result.reason, n: Math.max(0, short) });
  if (result.holdsPool) world.journal.warn(result.reason, { pool: launch.pool, ticket: launch.ticket });
  await amend(world.ledger, { kind: 'pool', id: launch.pool }, (item) => {
    const pool = giveBack(item ?? freshPool(launch.pool), short);
    return result.holdsPool ? heldBack(pool, result.reason, now) : pool;
  });
  return true;
}

/** What another market may not suffer from. */
const FALL_BACK: readonly Reason[] = ['capacity-exhausted', 'account-limit'];

/** Jobs that got nothing wait again, with the reason and the next try. */
async function releaseJobs(
  result: LaunchResult,
  jobs: readonly JobItem[],
  world: World,
): Promise<readonly JobItem[]> {
  const ids = new Set(result.unserved.map(({ jobId }) => jobId));
  const pools = new Map<string, Awaited<ReturnType<typeof readPool>>>();
  const released = await inParallel(
    jobs.filter(({ jobId }) => ids.has(jobId)),
    LEDGER_WIDTH,
    async (job) => {
      const name = job.pool ?? '';
      const pool = pools.get(name) ?? (await readPool(name, world));
      pools.set(name, pool);
      const now = world.clock.now();
      const due = retryAt(result.reason, job.intent.attempt, pool, now);
      const amended = await amend(world.ledger, { kind: 'job', id: job.jobId, known: job }, (item) =>
        item?.intent.ticket === job.intent.ticket
          ? waitAgain(item, { now, by: world.by, reason: result.reason, due })
          : undefined,
      );
      return amended.ok ? amended.value?.item : undefined;
    },
  );
  return released.filter((job) => job !== undefined);
}

async function readPool(name: string, world: World) {
  const read = await world.ledger.read('pool', name);
  return read.ok ? read.value : undefined;
}
