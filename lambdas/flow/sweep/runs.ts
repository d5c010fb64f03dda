import type { JobItem, RunItem } from '../../contracts/ledger.ts';
import type { SweepLine } from '../../contracts/ledger-sweep.ts';
import { eventOfListed } from '../../core/project-webhook.ts';
import { route } from '../../core/route.ts';
import { expiryOf } from '../../core/spacing.ts';
import { FOREIGN_LOOK_MS, OLD_LOOK_MS, OLD_RUN_MS, type Round, RUN_LOOK_MS } from '../../core/sweep-lines.ts';
import type { ListedJob } from '../../ports/github.ts';
import { type DueHint, FOREIGN_RUNS_FROM, OWN_RUNS_FROM, RUN_SHARDS } from '../../ports/ledger.ts';
import { amend } from '../amend.ts';
import { GITHUB_WIDTH, inParallel } from '../bounded.ts';
import { readItems } from '../read-items.ts';
import { seeEvents } from '../see.ts';
import type { World } from '../world.ts';
import type { Pass } from './pass.ts';

/** Rows of each shard that one pass counts: what the bounds follow from. */
const COUNTED_MAX = 500;
/** Runs that one pass may look at are far fewer: the lines allow about 45 after a pause. */
const CHOSEN_MAX = 60;
const PAGE_ITEMS = 100;

export type OpenRuns = Pick<Round, 'ownRuns' | 'foreignRuns'>;

/**
 * Looks at the jobs of open runs: one call tells all that webhooks of a run would have told. What was never announced, or
 * whose start or end was lost, becomes an event like any other. Runs of ours come first, then the longest overdue.
 */
export async function sweepRuns(pass: Pass, world: World): Promise<OpenRuns> {
  const own = await openRuns(OWN_RUNS_FROM, world);
  await lookAtDue(own, ['rechecks', 'looks'], pass, world);
  const foreign = await openRuns(FOREIGN_RUNS_FROM, world);
  await lookAtDue(foreign, ['looks'], pass, world);
  return { ownRuns: own.length, foreignRuns: foreign.length };
}

async function openRuns(from: number, world: World): Promise<readonly DueHint[]> {
  const shards = Array.from({ length: RUN_SHARDS }, (_, n) => from + n);
  const until = world.clock.now() + OLD_LOOK_MS + 1;
  const found = await inParallel(shards, RUN_SHARDS, async (shard) => {
    const hints = await world.ledger.due(shard, until, COUNTED_MAX);
    return hints.ok ? hints.value : [];
  });
  return found.flat().toSorted((a, b) => a.due - b.due);
}

async function lookAtDue(
  open: readonly DueHint[],
  lines: readonly SweepLine[],
  pass: Pass,
  world: World,
): Promise<void> {
  const now = world.clock.now();
  const chosen = open
    .filter(({ due }) => due <= now)
    .slice(0, CHOSEN_MAX)
    .filter(() => pass.take(lines));
  const { items } = await readItems(
    'run',
    chosen.map(({ id }) => id),
    world,
  );
  const due = items.filter((run) => run.due !== undefined && run.due !== null && run.due <= now);
  await inParallel(due, GITHUB_WIDTH, (run) => look(run, pass, world));
}

async function look(run: RunItem, pass: Pass, world: World): Promise<void> {
  const { repository, installationId } = run;
  if (repository === undefined || !installationId || pass.isOver()) return;
  const scope = {
    installationId,
    owner: repository.ownerLogin,
    repository: repository.fullName.split('/')[1] ?? null,
  };
  const seen = await world.github.runJobs(scope, repository.fullName, {
    runId: run.runId,
    etag: run.etag ?? null,
  });
  if (!seen.ok) return write(run, { due: world.clock.now() + RUN_LOOK_MS }, world);
  if (seen.value === undefined) return write(run, over(world.clock.now()), world);
  const { jobs, etag } = seen.value;
  if (jobs === null) return write(run, { due: nextLook(run, run.isOurs, world.clock.now()) }, world);
  pass.spend('looks', Math.max(0, Math.ceil(jobs.length / PAGE_ITEMS) - 1));
  const isWritten = await see(jobs, { run, repository, installationId }, world);
  const isOurs = jobs.some(({ labels }) => route(labels, world.deployment.settings).to !== 'ignore');
  const now = world.clock.now();
  const isOver = jobs.length > 0 && jobs.every(({ status }) => status === 'completed');
  if (isOver && isWritten) return write(run, { ...over(now), isOurs }, world);
  // A tag would hide what the ledger did not take.
  return write(run, { due: nextLook(run, isOurs, now), isOurs, etag: isWritten ? etag : null }, world);
}

const over = (now: number) => ({ due: null, etag: null, expiresAtSeconds: expiryOf(now) });

function nextLook(run: RunItem, isOurs: boolean | undefined, now: number): number {
  if (now - run.fetchedAt > OLD_RUN_MS) return now + OLD_LOOK_MS;
  return now + (isOurs === false ? FOREIGN_LOOK_MS : RUN_LOOK_MS);
}

const RANK = { queued: 0, running: 1, completed: 2 } as const;

/** False when the ledger did not take all of it. */
async function see(
  jobs: readonly ListedJob[],
  of: { readonly run: RunItem; readonly repository: JobItem['repository']; readonly installationId: string },
  world: World,
): Promise<boolean> {
  const { items, unread } = await readItems(
    'job',
    jobs.map(({ jobId }) => jobId),
    world,
  );
  const known = new Map(items.map((job) => [job.jobId, job]));
  const silent = new Set(unread);
  const news = jobs.filter((job) => !silent.has(job.jobId) && isNews(job, known.get(job.jobId), world));
  const written = await inParallel(news, GITHUB_WIDTH, async (job) => {
    const { repository, installationId } = of;
    const event = eventOfListed(job, { repository, installationId, receivedAt: world.clock.now() });
    if (event === undefined) return true;
    if (!known.has(job.jobId)) {
      world.journal.warn('job-discovered', { jobId: job.jobId, runId: job.runId, status: job.status });
      world.journal.count('JobsDiscovered');
    }
    return (await seeEvents([event], world)) !== undefined;
  });
  return unread.length === 0 && written.every((one) => one);
}

/** REST lags behind webhooks: what it says counts only where it is ahead of the ledger. */
function isNews(job: ListedJob, known: JobItem | undefined, world: World): boolean {
  const { status } = job;
  if (known === undefined)
    return status !== 'completed' && route(job.labels, world.deployment.settings).to !== 'ignore';
  if (status === 'completed') return known.fact !== 'completed';
  if (status === 'in_progress') return RANK[known.fact] < RANK.running;
  return status === 'queued' && known.fact === 'queued' && known.intent.reason === 'waiting-for-approval';
}

async function write(run: RunItem, change: Partial<RunItem>, world: World): Promise<void> {
  const id = `${run.runId}.${run.runAttempt}`;
  await amend(world.ledger, { kind: 'run', id, known: run }, (item) => item && { ...item, ...change });
}
