import { enteredAt, type InstanceTruth, usdOf } from '../ec2/instance.ts';
import type { Ec2Model } from '../ec2/model.ts';
import type { GitHubModel } from '../github/model.ts';
import type { JobTruth, RegistrationTruth } from '../github/truth.ts';
import type { JobRow, JobState, RunnerRow, RunnerState, Snapshot } from './snapshot.ts';

/** The truth of both models at one moment. */
export function look(
  models: { ec2: Ec2Model; github: GitHubModel },
  at: { now: number; startedAt: number },
): Snapshot {
  const { now, startedAt } = at;
  const issued = models.github.truth.issued(now);
  // A machine that was refused one registration may have asked for another: the latest counts.
  const byInstance = new Map(issued.map((one) => [instanceOf(one.name), one]));
  const instances = models.ec2.instances(now);
  return {
    now,
    startedAt,
    jobs: models.github.truth.jobs(now).map(jobRow),
    runners: instances.map((instance) => runnerRow(instance, byInstance.get(instance.instanceId), now)),
  };
}

const instanceOf = (name: string): string => /i-[0-9a-f]+/.exec(name)?.[0] ?? '';

const jobRow = (job: JobTruth): JobRow => ({
  jobId: job.jobId,
  name: job.name,
  repository: job.repository,
  state: jobState(job),
  queuedAt: job.createdAt,
  startedAt: job.startedAt,
  completedAt: job.completedAt,
  runnerName: job.runnerName,
});

function jobState(job: JobTruth): JobState {
  if (job.status === 'in_progress') return 'running';
  if (job.status !== 'completed') return 'queued';
  return job.conclusion === 'success' ? 'done' : job.conclusion === 'cancelled' ? 'cancelled' : 'failed';
}

function runnerRow(
  instance: InstanceTruth,
  registration: RegistrationTruth | undefined,
  now: number,
): RunnerRow {
  return {
    instanceId: instance.instanceId,
    instanceType: instance.type.name,
    zone: instance.zone,
    state: runnerState(instance, registration),
    launchedAt: instance.launchedAt,
    endedAt: enteredAt(instance, 'terminated') ?? null,
    runnerName: registration?.name ?? null,
    usd: usdOf(instance, now),
  };
}

function runnerState(instance: InstanceTruth, registration: RegistrationTruth | undefined): RunnerState {
  if (instance.state === 'terminated') return 'gone';
  if (instance.state !== 'pending' && instance.state !== 'running') return 'ending';
  if (instance.state === 'pending') return 'launching';
  if (registration === undefined) return 'booting';
  if (registration.removedAt !== null) return 'ending';
  return registration.state === 'busy' ? 'running' : 'claimed';
}
