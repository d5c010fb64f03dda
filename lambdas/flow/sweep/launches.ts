import type { LaunchItem } from '../../contracts/ledger.ts';
import { isOpen, waitAgain } from '../../core/job.ts';
import { resolved } from '../../core/launch-plan.ts';
import { expiryOf, UNSURE_LAUNCH_MS } from '../../core/spacing.ts';
import { isStoppedFor } from '../../core/stop.ts';
import { REPLAYS_MAX } from '../../core/sweep-bounds.ts';
import type { SeenInstance } from '../../ports/instances.ts';
import { amend } from '../amend.ts';
import { returnRoom } from '../launch.ts';
import { readItems } from '../read-items.ts';
import { settle, writeRunners } from '../settle-launch.ts';
import type { World } from '../world.ts';
import type { Due } from './due.ts';

/**
 * Launches whose instances are not all known. They are looked up by the ticket's tag; if it shows none, the frozen request
 * is replayed verbatim at once, since the client token makes EC2 answer with the first result. That something is missing
 * is believed only after a minute: tags and lists lag.
 * Returns the launches that are still open: they are supply in flight.
 */
export async function sweepLaunches(due: Due, world: World): Promise<readonly LaunchItem[]> {
  const open: LaunchItem[] = [];
  for (const launch of due.launches) {
    const isDue = launch.due !== null && launch.due <= world.clock.now();
    if (!isDue || !(await resolveLaunch(launch, world))) open.push(launch);
  }
  return open;
}

/** True when nothing of the launch is open any more. */
async function resolveLaunch(launch: LaunchItem, world: World): Promise<boolean> {
  const found = await world.instances.findByTicket(launch.ticket);
  if (!found.ok) return false;
  const isSettled = world.clock.now() - launch.createdAt >= UNSURE_LAUNCH_MS;
  const isWhole = found.value.length >= launch.units.length;
  if (isWhole || (isSettled && found.value.length > 0)) return adoptAll(launch, found.value, world);
  if (found.value.length > 0) return adoptSome(launch, found.value, world);
  if (launch.replays > 0 && !isSettled) return false;
  const ids = launch.units.map(({ jobId }) => jobId);
  const { items: jobs, unread } = await readItems('job', ids, world);
  if (unread.length > 0) return false;
  const wanting = jobs.filter((job) => isOpen(job) && job.intent.ticket === launch.ticket);
  if (wanting.length === 0 || launch.replays >= REPLAYS_MAX) return isSettled && giveUp(launch, world);
  return replay(launch, wanting, world);
}

async function replay(
  launch: LaunchItem,
  jobs: Parameters<typeof settle>[1]['jobs'],
  world: World,
): Promise<boolean> {
  const stop = await world.ledger.read('stop', 'all');
  if (!stop.ok) return false;
  const isStopped = jobs.every((job) => isStoppedFor(stop.value, job));
  if (launch.request === null || isStopped) return giveUp(launch, world);
  const counted = { ...launch, replays: launch.replays + 1, due: world.clock.now() + UNSURE_LAUNCH_MS };
  const written = await world.ledger.write(counted);
  if (!written.ok || written.value === 'stale') return false;
  world.journal.count('LaunchRepeated', { pool: launch.pool });
  const answer = await world.instances.launch(launch.request);
  await settle({ ...counted, rev: launch.rev + 1 }, { answer, jobs }, world);
  const after = await world.ledger.read('launch', launch.ticket);
  return after.ok && after.value?.state === 'resolved';
}

/** Instances found by the ticket's tag, in the order of their ids, serve the units in theirs. */
async function adoptAll(launch: LaunchItem, found: readonly SeenInstance[], world: World): Promise<boolean> {
  if (!(await adopt(launch, found, world))) return false;
  const ids = found.map(({ instanceId }) => instanceId);
  await world.ledger.write(resolved(launch, ids, expiryOf(world.clock.now())));
  await release(launch, launch.units.slice(ids.length), world);
  return true;
}

/** Some are there and the others may come: those that are may claim at once, the launch stays open. */
async function adoptSome(launch: LaunchItem, found: readonly SeenInstance[], world: World): Promise<boolean> {
  await adopt(launch, found, world);
  return false;
}

async function adopt(launch: LaunchItem, found: readonly SeenInstance[], world: World): Promise<boolean> {
  const ordered = found.toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
  const last = launch.units.at(-1);
  const served = ordered.flatMap((instance, index) => {
    const unit = launch.units[index] ?? last;
    return unit === undefined ? [] : [{ instance, unit, launchedAt: instance.launchedAt }];
  });
  return writeRunners(launch, served, world, 'adopted');
}

/** Nobody wants it any more, or EC2 never showed an instance of it: its jobs ask anew under another ticket. */
async function giveUp(launch: LaunchItem, world: World): Promise<boolean> {
  const written = await world.ledger.write(resolved(launch, [], expiryOf(world.clock.now())));
  if (!written.ok || written.value === 'stale') return false;
  await release(launch, launch.units, world);
  return true;
}

async function release(launch: LaunchItem, units: LaunchItem['units'], world: World): Promise<void> {
  if (units.length === 0) return;
  await returnRoom(launch.pool, units.length, world);
  for (const { jobId } of units) {
    const now = world.clock.now();
    await amend(world.ledger, { kind: 'job', id: jobId }, (item) =>
      item?.intent.ticket === launch.ticket
        ? waitAgain(item, { now, by: 'sweep', reason: 'launch-lost', due: now })
        : undefined,
    );
  }
}
