import type { JobItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool } from '../contracts/settings.ts';
import { freshPool, reserve } from '../core/breaker.ts';
import {
  BUDGET,
  type Bucket,
  draw,
  drawAhead,
  freshBudget,
  LAUNCH_BUCKET,
  METADATA_BUCKET,
  MINT_BUCKET,
  promise,
} from '../core/pacing.ts';
import { done, type Outcome } from '../ports/outcome.ts';
import { amend } from './amend.ts';
import type { World } from './world.ts';

export interface RoomTaken {
  readonly granted: number;
  /** Why no more were granted, and when to ask again. */
  readonly reason: Reason;
  readonly due: number;
}

/**
 * How many of these jobs may be launched now: the smallest of what the budgets and the pool allow. Each limit
 * is drawn only as far as the ones before allowed; what a later one cuts off comes back by time or by the sweep.
 */
export async function takeRoom(
  jobs: readonly JobItem[],
  pool: Pool,
  world: World,
): Promise<Outcome<RoomTaken>> {
  const now = world.clock.now();
  let room: RoomTaken = { granted: jobs.length, reason: 'received', due: now };
  for (const step of [drawLaunches, drawMetadata, promiseMints, reservePool]) {
    const next = await step(room, { jobs, pool, now }, world);
    if (!next.ok) return next;
    room = next.value;
    if (room.granted === 0) break;
  }
  return done(room);
}

interface Ask {
  readonly jobs: readonly JobItem[];
  readonly pool: Pool;
  readonly now: number;
}

const drawLaunches = (room: RoomTaken, ask: Ask, world: World) =>
  spend(
    room,
    { ...ask, name: BUDGET.launch, bucket: LAUNCH_BUCKET, how: draw, reason: 'launch-budget-spent' },
    world,
  );

const drawMetadata = (room: RoomTaken, ask: Ask, world: World) =>
  spend(
    room,
    { ...ask, name: BUDGET.metadata, bucket: METADATA_BUCKET, how: drawAhead, reason: 'launch-budget-spent' },
    world,
  );

/** One budget per installation. A batch of several installations is cut to the tightest of them: rare, and safe. */
async function promiseMints(room: RoomTaken, ask: Ask, world: World): Promise<Outcome<RoomTaken>> {
  const installations = Map.groupBy(
    ask.jobs.slice(0, room.granted),
    ({ installationId }) => installationId ?? '',
  );
  let granted = 0;
  let tightest = room;
  for (const [installationId, jobs] of installations) {
    const name = BUDGET.mint(installationId);
    const want = { ...room, granted: jobs.length };
    const part = await spend(
      want,
      { ...ask, name, bucket: MINT_BUCKET, how: promise, reason: 'registration-budget-spent' },
      world,
    );
    if (!part.ok) return part;
    granted += part.value.granted;
    if (part.value.granted < jobs.length) tightest = part.value;
  }
  return done({ ...tightest, granted });
}

interface Spending extends Ask {
  readonly name: string;
  readonly bucket: Bucket;
  readonly how: typeof draw;
  readonly reason: Reason;
}

async function spend(room: RoomTaken, what: Spending, world: World): Promise<Outcome<RoomTaken>> {
  let next = room;
  const amended = await amend(world.ledger, { kind: 'budget', id: what.name }, (item) => {
    const budget = item ?? freshBudget(what.name, what.bucket, what.now);
    const grant = what.how(budget, what.bucket, { now: what.now, want: room.granted });
    const isCut = grant.granted < room.granted;
    next = isCut
      ? { granted: grant.granted, reason: what.reason, due: what.now + Math.max(1_000, grant.retryAfterMs) }
      : room;
    return grant.budget;
  });
  return amended.ok ? done(next) : amended;
}

async function reservePool(room: RoomTaken, ask: Ask, world: World): Promise<Outcome<RoomTaken>> {
  let next = room;
  const amended = await amend(world.ledger, { kind: 'pool', id: ask.pool.name }, (item) => {
    const runnersMax = ask.pool.limits.runnersMax;
    const pool = item ?? freshPool(ask.pool.name);
    const taken = reserve(pool, { now: ask.now, want: room.granted, runnersMax });
    const isCut = taken.granted < room.granted;
    next = isCut ? { granted: taken.granted, reason: taken.reason, due: taken.due } : room;
    return taken.granted === 0 ? pool : taken.pool;
  });
  if (amended.ok && next.reason === 'pool-on-hold') {
    world.journal.warn('pool-on-hold', { pool: ask.pool.name, until: next.due });
  }
  return amended.ok ? done(next) : amended;
}
