import { SCHEMA_VERSION } from '../../contracts/text.ts';
import { SWEEP_LEASE_MS } from '../../core/sweep-bounds.ts';
import { discoveryBounds, keptLines, noLines } from '../../core/sweep-lines.ts';
import { amend } from '../amend.ts';
import type { SweepWorld, World } from '../world.ts';
import { type CloudView, compareCloud } from './cloud.ts';
import { sweepDeliveries } from './deliveries.ts';
import { takeDue } from './due.ts';
import { sweepJobs } from './jobs.ts';
import { sweepLaunches } from './launches.ts';
import { openPass, type Pass } from './pass.ts';
import { readPools, recountPools } from './pools.ts';
import { sweepRegistrations } from './registrations.ts';
import { sweepRuns } from './runs.ts';
import { surveyRepositories } from './survey.ts';
import { sweepUsage } from './usage.ts';

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
export async function sweep(world: SweepWorld): Promise<SweepSummary> {
  const lease = await takeLease(world);
  if (lease === undefined) return { ran: false, complete: false };
  const { pass } = lease;
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
  await sweepRegistrations(due, pass, world);
  await sweepUsage(due, world);
  await sweepJobs(due, { open: launches, pass }, world);
  await lookAround(pass, world);
  if (view.instances !== undefined)
    await recountPools(pools, { instances: view.instances, before: due.launches, launches }, world);
  await giveLease(lease, world);
  return { ran: true, complete: listed.ok };
}

/** What nobody told us: after all that we know of is cared for, and within what is left of the budget and the time. */
async function lookAround(pass: Pass, world: World): Promise<void> {
  const runs = await sweepRuns(pass, world);
  await sweepDeliveries(pass, world);
  const round = { ...runs, ...(await surveyRepositories(pass, world)) };
  world.journal.say('sweep-bounds', { ...discoveryBounds(round), ...round });
}

interface Lease {
  readonly fence: string;
  readonly pass: Pass;
}

/**
 * The lease is an attribute with a fence; a pass that outlives it can only be one whose function was killed. With it goes
 * all that the pass may ask of GitHub: what it did not spend is given back with the lease.
 */
async function takeLease(world: World): Promise<Lease | undefined> {
  const fence = world.dice.letters(16);
  const now = world.clock.now();
  let pass = openPass(undefined, world.clock);
  const taken = await amend(world.ledger, { kind: 'sweep', id: 'lease' }, (item) => {
    if (item?.leaseUntil != null && item.leaseUntil > now) return undefined;
    pass = openPass(item, world.clock);
    const { rounds } = pass;
    const lease = { fence, leaseUntil: now + SWEEP_LEASE_MS, lines: keptLines(noLines(), now), rounds };
    return { v: SCHEMA_VERSION, rev: item?.rev ?? 0, kind: 'sweep', name: 'lease', ...lease };
  });
  return taken.ok && taken.value?.isChanged === true ? { fence, pass } : undefined;
}

async function giveLease({ fence, pass }: Lease, world: World): Promise<void> {
  const { lines, rounds } = pass;
  await amend(world.ledger, { kind: 'sweep', id: 'lease' }, (item) =>
    item?.fence === fence
      ? {
          ...item,
          fence: null,
          leaseUntil: null,
          lines: keptLines(lines, pass.startedAt),
          rounds: { ...rounds },
        }
      : undefined,
  );
}
