import { SCHEMA_VERSION } from '../../contracts/text.ts';
import { SWEEP_LEASE_MS } from '../../core/sweep-bounds.ts';
import { amend } from '../amend.ts';
import type { World } from '../world.ts';
import { type CloudView, compareCloud } from './cloud.ts';
import { takeDue } from './due.ts';
import { sweepJobs } from './jobs.ts';
import { sweepLaunches } from './launches.ts';
import { readPools, recountPools } from './pools.ts';
import { sweepRegistrations } from './registrations.ts';

export interface SweepSummary {
  /** False when another sweep holds the lease. */
  readonly ran: boolean;
  /** False when the cloud could not be listed whole: nothing was decided from what was seen. */
  readonly complete: boolean;
}

/**
 * One pass: compares EC2, GitHub and the ledger and mends every difference. Level-triggered: it asks what is, never what
 * happened, so a lost event costs a minute. The cloud is listed before the ledger is read: the wanted view is the newer.
 */
export async function sweep(world: World): Promise<SweepSummary> {
  const fence = await takeLease(world);
  if (fence === undefined) return { ran: false, complete: false };
  const pools = await readPools(world);
  const listed = await world.instances.list(world.deployment.stackId);
  const due = await takeDue(world);
  const view: CloudView = { takenAt: world.clock.now(), instances: listed.ok ? listed.value : undefined };
  if (!listed.ok) {
    world.journal.warn('sweep-incomplete', { code: listed.fault.code });
    world.journal.count('SweepIncomplete');
  }
  const launches = await sweepLaunches(due, world);
  await compareCloud(view, due, world);
  await sweepRegistrations(due, world);
  await sweepJobs(due, launches, world);
  if (view.instances !== undefined)
    await recountPools(pools, { ...view, instances: view.instances, launches }, world);
  await giveLease(fence, world);
  return { ran: true, complete: listed.ok };
}

/** The lease is an attribute with a fence; a pass that outlives it can only be one whose function was killed. */
async function takeLease(world: World): Promise<string | undefined> {
  const fence = world.dice.letters(16);
  const now = world.clock.now();
  const taken = await amend(world.ledger, { kind: 'sweep', id: 'lease' }, (item) => {
    if (item?.leaseUntil != null && item.leaseUntil > now) return undefined;
    const lease = { fence, leaseUntil: now + SWEEP_LEASE_MS };
    return { v: SCHEMA_VERSION, rev: item?.rev ?? 0, kind: 'sweep', name: 'lease', ...lease };
  });
  return taken.ok && taken.value?.isChanged === true ? fence : undefined;
}

async function giveLease(fence: string, world: World): Promise<void> {
  await amend(world.ledger, { kind: 'sweep', id: 'lease' }, (item) =>
    item?.fence === fence ? { ...item, fence: null, leaseUntil: null } : undefined,
  );
}
