import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobItem, LaunchItem, RunnerItem } from '../../lambdas/contracts/ledger.ts';
import type { Pool, Settings } from '../../lambdas/contracts/settings.ts';
import { newJob } from '../../lambdas/core/job.ts';
import { type Deployment, placeOf, planLaunch } from '../../lambdas/core/launch-plan.ts';
import { newRunner } from '../../lambdas/core/runner.ts';

/** A fixed instant that tests count from. */
export const T0 = 1_790_000_000_000;
export const STACK_ID = 'a1b2c3d4';

export const poolOf = (change: Partial<Pool> = {}): Pool => ({
  name: 'linux-x64',
  labels: ['self-hosted', 'linux', 'x64'],
  keyLabel: 'x64',
  arch: 'x64',
  types: ['m7i.large', 'm7a.large'],
  market: 'on-demand',
  hardening: 'standard',
  runnerGroupId: 1,
  admission: { publicRepositories: false, forks: false },
  limits: { runnersMax: 50, lifetimeMaxMs: 3_600_000, idleMaxMs: 300_000, claimDeadlineMs: 300_000 },
  ...change,
});

export const settingsOf = (...pools: Pool[]): Settings => ({
  v: 1,
  github: { scope: 'organization', owners: ['acme'] },
  pools: pools.length === 0 ? [poolOf()] : pools,
});

export const deploymentOf = (settings: Settings = settingsOf()): Deployment => ({
  stackId: STACK_ID,
  settings,
  pools: Object.fromEntries(
    settings.pools.map(({ name }) => [
      name,
      { templateId: 'lt-0123456789abcdef0', templateVersion: '1', imageId: 'ami-0123456789abcdef0' },
    ]),
  ),
  subnets: [
    { id: 'subnet-0a', zone: 'us-east-1a' },
    { id: 'subnet-0b', zone: 'us-east-1b' },
  ],
});

export const eventOf = (change: Partial<JobEvent> = {}): JobEvent => ({
  v: 1,
  kind: 'job',
  action: 'queued',
  jobId: '100',
  runId: '10',
  runAttempt: 1,
  status: 'queued',
  conclusion: null,
  labels: ['self-hosted', 'linux', 'x64'],
  name: 'build',
  workflowName: 'CI',
  headBranch: 'main',
  headSha: 'a'.repeat(40),
  createdAt: T0,
  startedAt: null,
  completedAt: null,
  runnerName: null,
  runnerId: null,
  repository: {
    id: '7',
    fullName: 'acme/app',
    ownerId: '1',
    ownerLogin: 'acme',
    ownerType: 'Organization',
    visibility: 'private',
    fork: false,
  },
  installationId: '55',
  senderLogin: 'ann',
  receivedAt: T0,
  delivery: null,
  ...change,
});

export const jobOf = (change: Partial<JobEvent> = {}): JobItem =>
  newJob(eventOf(change), { now: T0, by: 'dispatch' });

export const TICKET = `mf-${'t'.repeat(26)}`;

export const launchOf = (jobs: readonly JobItem[] = [jobOf()], now = T0): LaunchItem =>
  planLaunch(jobs, poolOf(), deploymentOf(), { ticket: TICKET, market: 'on-demand', now });

export const runnerOf = (instanceId = 'i-0123456789abcdef0', now = T0): RunnerItem => {
  const job = jobOf();
  const launch = launchOf([job], now);
  const place = placeOf(job, poolOf(), deploymentOf());
  const group = place?.group ?? '';
  const target = launch.targets[group];
  if (target === undefined) throw new Error('the fixture launch has no target');
  const instance = {
    instanceId,
    instanceType: 'm7i.large',
    zone: 'us-east-1a',
    market: 'on-demand' as const,
  };
  return newRunner(
    launch,
    instance,
    { group, cause: job.jobId, target },
    { now, by: 'dispatch', reason: 'launched', launchedAt: now },
  );
};
