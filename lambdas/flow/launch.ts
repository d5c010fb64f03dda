import type { JobItem, LaunchItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool } from '../contracts/settings.ts';
import { freshPool, giveBack } from '../core/breaker.ts';
import { launching, wait } from '../core/job.ts';
import { placeOf, planLaunch } from '../core/launch-plan.ts';
import { isStoppedFor } from '../core/stop.ts';
import type { Fault } from '../ports/outcome.ts';
import type { Admitted } from './admit.ts';
import { amend } from './amend.ts';
import { inParallel, LEDGER_WIDTH } from './bounded.ts';
import { takeRoom } from './budgets.ts';
import { settle } from './settle-launch.ts';
import type { World } from './world.ts';

/** Units of one CreateFleet: as many as one batch of the queue can ask for (EC2 allows far more). */
const UNITS_MAX = 100;

/**
 * Launches for admitted jobs, one CreateFleet per shape. Whatever cannot be launched now is written as waiting with its
 * reason and next try: the ledger, not the queue, is the retry mechanism for capacity.
 * Returns the ids of jobs whose state could not be written: their messages must come again.
 */
export async function launchJobs(jobs: readonly Admitted[], world: World): Promise<readonly string[]> {
  const byPool = Map.groupBy(jobs, ({ pool }) => pool.name);
  const failures = await inParallel([...byPool.values()], byPool.size, async (ofPool) => {
    const [first] = ofPool;
    const oldestFirst = ofPool.map(({ job }) => job).toSorted((a, b) => a.at.queued - b.at.queued);
    if (first === undefined) return [];
    const failed: string[] = [];
    // Bounded by the batch: a queue batch or a sweep page holds at most 500 jobs.
    for (let from = 0; from < oldestFirst.length; from += UNITS_MAX) {
      const slice = oldestFirst.slice(from, from + UNITS_MAX);
      failed.push(...(await launchGuarded(slice, first.pool, world)));
    }
    return failed;
  });
  return failures.flat();
}

/** A bug or fault while launching one shape parks the jobs of this shape alone. */
async function launchGuarded(jobs: readonly JobItem[], pool: Pool, world: World): Promise<readonly string[]> {
  try {
    return await launchPool(
      jobs,
      { pool, market: pool.market === 'on-demand' ? 'on-demand' : 'spot' },
      world,
    );
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
    world.journal.warn('launch-failed', { pool: pool.name, error: text });
    return jobs.map(({ jobId }) => jobId);
  }
}

async function launchPool(jobs: readonly JobItem[], how: How, world: World): Promise<readonly string[]> {
  const { pool } = how;
  const stop = await world.ledger.read('stop', 'all');
  if (!stop.ok) return roomUnknown(jobs, pool, stop.fault, world);
  const isStopped = ({ repository }: JobItem): boolean =>
    isStoppedFor(stop.value, { pool: pool.name, repository });
  const stopDue = world.clock.now() + STOP_CHECK_MS;
  const stopped = { pool, reason: 'launches-stopped' as const, due: stopDue };
  const unwritten = await park(jobs.filter(isStopped), stopped, world);
  const free = jobs.filter((job) => !isStopped(job));
  if (free.length === 0) return unwritten;
  const room = await takeRoom(free, pool, world);
  if (!room.ok) return [...unwritten, ...roomUnknown(free, pool, room.fault, world)];
  const { granted, reason, due } = room.value;
  const failed = [...unwritten, ...(await park(free.slice(granted), { pool, reason, due }, world))];
  const chosen = free.slice(0, granted);
  if (chosen.length === 0) return failed;
  const unserved = await launchOnce(chosen, how, world);
  if (unserved.length === 0) return failed;
  return [...failed, ...(await launchPool(unserved, { pool, market: 'on-demand' }, world))];
}

/** Stopped launches are looked at again this often. */
const STOP_CHECK_MS = 60_000;

function roomUnknown(jobs: readonly JobItem[], pool: Pool, fault: Fault, world: World): readonly string[] {
  world.journal.warn('launch-room-unknown', { pool: pool.name, code: fault.code });
  return jobs.map(({ jobId }) => jobId);
}

interface How {
  readonly pool: Pool;
  readonly market: 'spot' | 'on-demand';
}

/**
 * One CreateFleet. The jobs record their attempt and ticket first (whoever wins that write launches), then the request
 * is frozen, then it is made. A death after any of these is found by the sweep through the job's or launch's due time.
 * Returns jobs that another market may serve.
 */
async function launchOnce(jobs: readonly JobItem[], how: How, world: World): Promise<readonly JobItem[]> {
  const ticket = `mf-${world.dice.letters(26)}`;
  const marked = await markLaunching(jobs, { ...how, ticket }, world);
  const lost = jobs.length - marked.length;
  if (lost > 0) await returnRoom(how.pool.name, lost, world);
  if (marked.length === 0) return [];
  const now = world.clock.now();
  const plan = planLaunch(marked, how.pool, world.deployment, { ticket, market: how.market, now });
  const frozen = await world.ledger.write(plan);
  // Not frozen for certain: nothing is launched. The jobs' due time brings the sweep, which voids the ticket first.
  if (!frozen.ok || frozen.value === 'stale') return [];
  return requestLaunch({ ...plan, rev: plan.rev + 1 }, { jobs: marked, how }, world);
}

const mayFallBack = ({ pool, market }: How): boolean =>
  pool.market === 'spot-then-on-demand' && market === 'spot';

/** Asks EC2 for a frozen launch and writes what it gave. */
async function requestLaunch(
  launch: LaunchItem,
  { jobs, how }: { readonly jobs: readonly JobItem[]; readonly how: How },
  world: World,
): Promise<readonly JobItem[]> {
  if (launch.request === null) return [];
  const answer = await world.instances.launch(launch.request);
  return settle(launch, { answer, jobs, mayFallBack: mayFallBack(how) }, world);
}

/** The jobs that this call may launch for: each recorded the ticket under its next attempt. */
async function markLaunching(
  jobs: readonly JobItem[],
  how: How & { readonly ticket: string },
  world: World,
): Promise<readonly JobItem[]> {
  const marked = await inParallel(jobs, LEDGER_WIDTH, async (job) => {
    const place = placeOf(job, how.pool, world.deployment);
    if (place === undefined) return undefined;
    const act = { now: world.clock.now(), by: world.by, ticket: how.ticket };
    const amended = await amend(world.ledger, { kind: 'job', id: job.jobId, known: job }, (item) =>
      item !== undefined && isStillWanted(item, job) ? launching(item, place, act) : undefined,
    );
    return amended.ok && amended.value?.isChanged === true ? amended.value.item : undefined;
  });
  return marked.filter((job) => job !== undefined);
}

/** Nobody else launched for this attempt meanwhile, and the job still waits. */
const isStillWanted = (item: JobItem, known: JobItem): boolean =>
  item.fact === 'queued' &&
  item.outcome === 'open' &&
  item.intent.attempt === known.intent.attempt &&
  (item.intent.step === 'held' ||
    item.intent.step === 'waiting' ||
    item.intent.ticket === known.intent.ticket);

/** Jobs without room wait: admitted, with the reason and the next try. */
async function park(
  jobs: readonly JobItem[],
  why: { readonly pool: Pool; readonly reason: Reason; readonly due: number },
  world: World,
): Promise<readonly string[]> {
  const failed = await inParallel(jobs, LEDGER_WIDTH, async (job) => {
    const place = placeOf(job, why.pool, world.deployment);
    const act = { now: world.clock.now(), by: world.by };
    const amended = await amend(world.ledger, { kind: 'job', id: job.jobId, known: job }, (item) => {
      if (item === undefined || place === undefined || !isStillWanted(item, job)) return undefined;
      return wait(item, place, { ...act, reason: why.reason, due: why.due });
    });
    world.journal.count('JobsHeld', { pool: why.pool.name, reason: why.reason });
    return amended.ok ? undefined : job.jobId;
  });
  return failed.filter((jobId) => jobId !== undefined);
}

export async function returnRoom(pool: string, count: number, world: World): Promise<void> {
  // A lost write is repaired by the sweep, which counts the pool's instances afresh.
  await amend(world.ledger, { kind: 'pool', id: pool }, (item) => giveBack(item ?? freshPool(pool), count));
}
