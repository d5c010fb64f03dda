import type { JobEvent } from '../contracts/job-event.ts';
import type { JobItem } from '../contracts/ledger.ts';
import { cameOnline, freshPool } from '../core/breaker.ts';
import { instanceOfRunnerName, newJob, take } from '../core/job.ts';
import { finished, ranked } from '../core/runner.ts';
import { amend } from './amend.ts';
import type { World } from './world.ts';

const ACTION_RANK = { queued: 0, waiting: 0, in_progress: 1, completed: 2 } as const;

/**
 * Folds all events of one job into the ledger: the first write, before any call outward. The runner is bound before the
 * job moves, so that every half-done state errs to one idle runner and never to a starved job.
 * Undefined: the ledger did not take it; deliver again.
 */
export async function seeEvents(events: readonly JobEvent[], world: World): Promise<JobItem | undefined> {
  const ordered = events.toSorted((a, b) => ACTION_RANK[a.action] - ACTION_RANK[b.action]);
  let job: JobItem | undefined;
  for (const event of ordered) {
    if (!(await bindRunner(event, world))) return undefined;
    const act = { now: world.clock.now(), by: world.by };
    const amended = await amend(world.ledger, { kind: 'job', id: event.jobId, known: job }, (item) =>
      item === undefined ? newJob(event, act) : take(item, event, act),
    );
    if (!amended.ok) world.journal.warn('job-not-written', { jobId: event.jobId, code: amended.fault.code });
    if (!amended.ok || amended.value === undefined) return undefined;
    job = amended.value.item;
    if (amended.value.isChanged) tell(event, job, world);
  }
  return job;
}

/** The runner's name in the signed event names its instance; a runner that is not ours needs no binding. */
async function bindRunner(event: JobEvent, world: World): Promise<boolean> {
  const stackId = world.deployment.stackId;
  const instanceId = event.runnerName === null ? null : instanceOfRunnerName(event.runnerName, stackId);
  if (instanceId === null || (event.action !== 'in_progress' && event.action !== 'completed')) return true;
  const act = { now: world.clock.now(), by: world.by };
  const bound = await amend(world.ledger, { kind: 'runner', id: instanceId }, (runner) => {
    if (runner === undefined) return undefined;
    const busy = ranked(runner, 'busy', { ...act, at: event.startedAt ?? act.now, job: event.jobId });
    return event.action === 'completed' ? finished(busy, { ...act, reason: 'job-finished' }) : busy;
  });
  if (!bound.ok) return false;
  if (bound.value === undefined || !bound.value.isChanged || event.action !== 'in_progress') return true;
  const pool = bound.value.item.pool;
  const mended = await amend(world.ledger, { kind: 'pool', id: pool }, (item) =>
    cameOnline(item ?? freshPool(pool)),
  );
  return mended.ok;
}

function tell(event: JobEvent, job: JobItem, { journal }: World): void {
  const pool = job.pool ?? undefined;
  journal.say(`job-${event.action}`, {
    jobId: job.jobId,
    runId: job.runId,
    repository: job.repository.fullName,
  });
  if (event.action === 'queued') journal.count('JobsReceived');
  if (event.action === 'in_progress' && job.at.started !== null && pool !== undefined) {
    journal.count('QueuedToStartedMs', { pool, n: job.at.started - job.at.queued });
  }
}
