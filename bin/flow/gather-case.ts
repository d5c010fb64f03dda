import type { JobItem, RunnerItem } from '../../lambdas/contracts/ledger.ts';
import type { Ledger } from '../../lambdas/ports/ledger.ts';
import { done, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { JobCase } from '../core/why.ts';
import type { Stack } from '../ports/stack.ts';

/** Machines of one group that are looked at: a job waits for the first of them. */
const GROUP_MAX = 40;

/** Reads all that bears on one job. */
export async function caseOf(job: JobItem, stack: Pick<Stack, 'ledger' | 'now'>): Promise<Outcome<JobCase>> {
  const { ledger } = stack;
  const launch =
    job.intent.ticket === null ? done(undefined) : await ledger.read('launch', job.intent.ticket);
  if (!launch.ok) return launch;
  const ofGroup = await groupOf(job, ledger);
  if (!ofGroup.ok) return ofGroup;
  const own = job.runner?.instanceId;
  const ids = [
    ...(launch.value?.instances ?? []).slice(0, GROUP_MAX),
    ...ofGroup.value.runners,
    ...(own == null ? [] : [own]),
  ];
  const machines: Outcome<readonly RunnerItem[]> = await ledger.readMany('runner', [...new Set(ids)]);
  if (!machines.ok) return machines;
  const pool = job.pool === null ? done(undefined) : await ledger.read('pool', job.pool);
  if (!pool.ok) return pool;
  const stop = await ledger.read('stop', 'all');
  if (!stop.ok) return stop;
  return done({
    ...{ job, launch: launch.value, pool: pool.value, stop: stop.value, now: stack.now() },
    ahead: ofGroup.value.ahead,
    machines: machines.value.filter((machine) => mayServe(machine, job)),
  });
}

interface OfGroup {
  readonly runners: readonly string[];
  readonly ahead: number;
}

async function groupOf(job: JobItem, ledger: Pick<Ledger, 'demand'>): Promise<Outcome<OfGroup>> {
  const { shape, group, jobId } = job;
  if (shape === null || group === null) return done({ runners: [], ahead: 0 });
  const demand = await ledger.demand({ shape, group, max: 500 });
  if (!demand.ok) return demand;
  const runners = demand.value.hints.filter(({ kind }) => kind === 'runner');
  const jobs = demand.value.hints.filter(({ kind }) => kind === 'job');
  const queued = job.at.queued;
  const ahead = jobs.filter(({ id, since }) => since < queued || (since === queued && id < jobId)).length;
  return done({ runners: runners.slice(0, GROUP_MAX).map(({ id }) => id), ahead });
}

/** A launch brings machines for several groups: those of others never take this job. */
const mayServe = ({ intent, instanceId }: RunnerItem, { group, runner }: JobItem): boolean =>
  intent.group === group || instanceId === runner?.instanceId;
