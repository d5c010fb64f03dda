import type { JobItem, LaunchItem } from '../../contracts/ledger.ts';
import { SCHEMA_VERSION } from '../../contracts/text.ts';
import { shortage } from '../../core/assign.ts';
import { lookAgain, RUNNING_CHECK_MS, take } from '../../core/job.ts';
import { placeOf } from '../../core/launch-plan.ts';
import { expiryOf } from '../../core/spacing.ts';
import { type Admitted, admitJobs } from '../admit.ts';
import { amend } from '../amend.ts';
import { GITHUB_WIDTH, inParallel, LEDGER_WIDTH } from '../bounded.ts';
import { scopeOf } from '../gather-facts.ts';
import { launchJobs } from '../launch.ts';
import type { World } from '../world.ts';
import type { Due } from './due.ts';
import type { Pass } from './pass.ts';

const DEMAND_MAX = 10_000;

/** Jobs that are due: held ones are admitted again, waiting ones launched, launched ones compared with their group. */
export async function sweepJobs(
  due: Due,
  { open, pass }: { readonly open: readonly LaunchItem[]; readonly pass: Pass },
  world: World,
): Promise<void> {
  const queued = due.jobs.filter(({ fact, outcome }) => fact === 'queued' && outcome === 'open');
  const running = due.jobs.filter(({ fact }) => fact === 'running' && pass.take(['rechecks']));
  await inParallel(running, GITHUB_WIDTH, (job) => recheck(job, world));
  const settled = await inParallel(queued, LEDGER_WIDTH, (job) => withoutDeadTicket(job, open, world));
  const wanting = settled.filter((job) => job !== undefined);
  const { admitted } = await admitJobs(wanting, { world, widthMax: GITHUB_WIDTH });
  const lacking = await chooseLacking(admitted, open, world);
  await launchJobs(lacking, world);
}

/**
 * A job that says `launching` under a ticket that was never frozen: its dispatch died. The ticket is voided first, so that
 * a slow, not dead, dispatch cannot freeze it afterwards. Undefined: its launch is open and is being resolved.
 */
async function withoutDeadTicket(
  job: JobItem,
  open: readonly LaunchItem[],
  world: World,
): Promise<JobItem | undefined> {
  const { ticket } = job.intent;
  if (job.intent.step !== 'launching' || ticket === null) return job;
  if (open.some((launch) => launch.ticket === ticket)) return undefined;
  const launch = await world.ledger.read('launch', ticket);
  if (!launch.ok || launch.value?.state === 'open') return undefined;
  if (launch.value !== undefined) return job;
  const voided = await world.ledger.write(tombstone(job, ticket, world.clock.now()));
  return voided.ok && voided.value !== 'stale' ? job : undefined;
}

const tombstone = (job: JobItem, ticket: string, now: number): LaunchItem => ({
  v: SCHEMA_VERSION,
  rev: 0,
  kind: 'launch',
  ticket,
  pool: job.pool ?? 'unknown',
  shape: job.shape ?? '0'.repeat(20),
  state: 'void',
  request: null,
  targets: {},
  rules: { hardening: 'strict', lifetimeMaxMs: 1, idleMaxMs: 1, graceMs: 0, heartbeatMs: 1 },
  claimDeadlineMs: 1,
  units: [],
  instances: [],
  replays: 0,
  createdAt: now,
  due: null,
  expiresAtSeconds: expiryOf(now),
});

/**
 * Demand and supply are compared by group, never job by job: a machine serves any job of its group. Of each group as
 * many of the oldest due jobs launch as machines are missing; the others look again later.
 */
async function chooseLacking(
  admitted: readonly Admitted[],
  open: readonly LaunchItem[],
  world: World,
): Promise<readonly Admitted[]> {
  const inFlight = Map.groupBy(
    open.flatMap(({ units }) => units),
    ({ group }) => group,
  );
  const byGroup = Map.groupBy(admitted, ({ job, pool }) => placeOf(job, pool, world.deployment)?.group ?? '');
  const chosen = await inParallel([...byGroup], 4, async ([group, ofGroup]) => {
    const oldestFirst = ofGroup.toSorted((a, b) => a.job.at.queued - b.job.at.queued);
    const missing = await lacking(group, oldestFirst, inFlight.get(group)?.length ?? 0, world);
    await inParallel(oldestFirst.slice(missing), LEDGER_WIDTH, (one) => postpone(one, world));
    return oldestFirst.slice(0, missing);
  });
  return chosen.flat();
}

/** A job that just came out of `held`, or moved to another group, is not in the index yet: it counts all the same. */
async function lacking(
  group: string,
  jobs: readonly Admitted[],
  inFlight: number,
  world: World,
): Promise<number> {
  const first = jobs[0];
  const shape = first === undefined ? undefined : placeOf(first.job, first.pool, world.deployment)?.shape;
  if (shape === undefined) return 0;
  const demand = await world.ledger.demand({ shape, group, max: DEMAND_MAX });
  if (!demand.ok) return 0;
  const indexed = new Set(demand.value.hints.map(({ id }) => id));
  const unindexed = jobs
    .filter(({ job }) => !indexed.has(job.jobId))
    .map(({ job }) => ({
      kind: 'job' as const,
      id: job.jobId,
      group,
      since: job.at.queued,
      state: 'queued' as const,
    }));
  return shortage(group, [...demand.value.hints, ...unindexed], inFlight);
}

async function postpone({ job, pool }: Admitted, world: World): Promise<void> {
  const place = placeOf(job, pool, world.deployment);
  const act = { now: world.clock.now(), by: world.by };
  await amend(world.ledger, { kind: 'job', id: job.jobId, known: job }, (item) =>
    item !== undefined && place !== undefined && item.intent.due === job.intent.due
      ? lookAgain(item, place, act)
      : undefined,
  );
}

/** A job that should be over by now: its `completed` may have been lost. */
async function recheck(job: JobItem, world: World): Promise<void> {
  const seen = await world.github.job(scopeOf(job), job.repository.fullName, job.jobId);
  const now = world.clock.now();
  await amend(world.ledger, { kind: 'job', id: job.jobId, known: job }, (item) => {
    if (item === undefined || item.fact !== 'running') return undefined;
    const isOver = seen.ok && (seen.value === undefined || seen.value.status === 'completed');
    if (!isOver) return { ...item, intent: { ...item.intent, due: now + RUNNING_CHECK_MS } };
    return take(item, completedEvent(item, seen.value?.conclusion ?? null, now), { now, by: 'sweep' });
  });
}

/** What GitHub's REST said, in the form of the event that was lost. */
const completedEvent = (
  job: JobItem,
  conclusion: string | null,
  now: number,
): Parameters<typeof take>[1] => ({
  ...job,
  v: SCHEMA_VERSION,
  kind: 'job',
  action: 'completed',
  status: 'completed',
  conclusion,
  headBranch: null,
  headSha: '0'.repeat(40),
  createdAt: job.at.queued,
  startedAt: job.at.started,
  completedAt: now,
  runnerName: job.runner?.name ?? null,
  runnerId: null,
  receivedAt: now,
  delivery: null,
});
