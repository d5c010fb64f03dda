import type {
  BudgetItem,
  JobItem,
  LaunchItem,
  LedgerItem,
  PoolItem,
  RunItem,
  RunnerItem,
  StopItem,
} from '../../lambdas/contracts/ledger.ts';
import type { SweepItem } from '../../lambdas/contracts/ledger-sweep.ts';
import { SCHEMA_VERSION } from '../../lambdas/contracts/text.ts';

/** 2026-11-02 12:00 UTC. */
export const NOON = Date.UTC(2026, 10, 2, 12);
export const SHAPE = '0123456789abcdef0123';
export const GROUP = 'aaaaaaaaaaaaaaaaaaaa';
export const OTHER_GROUP = 'bbbbbbbbbbbbbbbbbbbb';
export const TICKET = `mf-${'t'.repeat(26)}`;

const timeline: JobItem['timeline'] = { next: 1, auditedTo: 0, entries: [] };
const head = { v: SCHEMA_VERSION, rev: 0 } as const;
const target: RunnerItem['target'] = {
  installationId: '77',
  scope: 'organization',
  owner: 'acme',
  repository: null,
  labels: ['self-hosted', 'linux', 'x64'],
  runnerGroupId: 1,
};
const rules: RunnerItem['rules'] = {
  hardening: 'standard',
  lifetimeMaxMs: 3_600_000,
  idleMaxMs: 300_000,
  graceMs: 30_000,
  heartbeatMs: 60_000,
};

/** A queued job, seen and not yet admitted. */
export function jobItem(jobId: string, change: Partial<JobItem> = {}): JobItem {
  return {
    ...head,
    kind: 'job',
    jobId,
    runId: '9000',
    runAttempt: 1,
    repository: {
      id: '501',
      fullName: 'acme/app',
      ownerId: '33',
      ownerLogin: 'acme',
      ownerType: 'Organization',
      visibility: 'private',
      fork: false,
    },
    installationId: '77',
    labels: ['self-hosted', 'linux', 'x64'],
    name: 'build — 日本語 “quotes” \\ / <b>',
    workflowName: null,
    senderLogin: 'octocat',
    checkedAt: null,
    fact: 'queued',
    outcome: 'open',
    intent: { attempt: 0, step: 'held', ticket: null, due: null, reason: 'received' },
    pool: null,
    shape: null,
    group: null,
    runner: null,
    conclusion: null,
    at: { queued: NOON, received: NOON, admitted: null, started: null, completed: null },
    timeline,
    expiresAtSeconds: null,
    ...change,
  };
}

/** An admitted job that waits for a launch since `queued`. */
export const openJob = (jobId: string, queued = NOON, change: Partial<JobItem> = {}): JobItem =>
  jobItem(jobId, {
    pool: 'linux-x64',
    shape: SHAPE,
    group: GROUP,
    intent: { attempt: 0, step: 'waiting', ticket: null, due: NOON, reason: 'launch-budget-spent' },
    at: { queued, received: queued, admitted: queued, started: null, completed: null },
    ...change,
  });

/** A runner that was just launched, for any job of the group. */
export function runnerItem(
  instanceId: string,
  launched = NOON,
  change: Partial<RunnerItem> = {},
): RunnerItem {
  return {
    ...head,
    kind: 'runner',
    instanceId,
    ticket: TICKET,
    pool: 'linux-x64',
    shape: SHAPE,
    instanceType: 'm7i.large',
    zone: 'us-east-1a',
    market: 'spot',
    imageId: 'ami-0123456789abcdef0',
    templateVersion: '3',
    rank: 'launched',
    intent: { group: GROUP, cause: null, fence: null, leaseUntil: null, end: null, due: NOON + 600_000 },
    target,
    rules,
    claimDeadlineMs: 300_000,
    claim: { firstAt: null, attempts: 0, bootHash: null, deliveredAt: null, reportTokenHash: null },
    registrations: [],
    job: null,
    verdict: null,
    notice: null,
    at: {
      launched,
      running: null,
      claimed: null,
      online: null,
      busy: null,
      finished: null,
      heartbeat: null,
      ended: null,
    },
    timeline,
    expiresAtSeconds: null,
    ...change,
  };
}

/** A launch whose answer is awaited. */
export const launchItem = (ticket: string = TICKET, change: Partial<LaunchItem> = {}): LaunchItem => ({
  ...head,
  kind: 'launch',
  ticket,
  pool: 'linux-x64',
  shape: SHAPE,
  state: 'open',
  request: null,
  targets: { [GROUP]: target },
  rules,
  claimDeadlineMs: 300_000,
  units: [{ jobId: '1', attempt: 1, group: GROUP }],
  instances: [],
  replays: 0,
  createdAt: NOON,
  due: NOON,
  expiresAtSeconds: null,
  ...change,
});

export const poolItem: PoolItem = {
  ...head,
  kind: 'pool',
  pool: 'linux-x64',
  live: 3,
  reservedAt: null,
  neverOnline: 0,
  probeAt: null,
  heldUntil: null,
  heldReason: null,
  heldTimes: 0,
};
export const budgetItem: BudgetItem = {
  ...head,
  kind: 'budget',
  name: 'ec2-launches',
  tokens: 999.25,
  at: NOON,
  promised: [{ count: 2, until: NOON + 60_000 }],
  closedUntil: null,
};
export const runItem: RunItem = {
  ...head,
  kind: 'run',
  runId: '9000',
  runAttempt: 2,
  fetchedAt: NOON,
  facts: null,
  expiresAtSeconds: NOON / 1_000 + 3_600,
};
export const sweepItem: SweepItem = {
  ...head,
  kind: 'sweep',
  name: 'lease',
  fence: 'f1',
  leaseUntil: NOON,
};
export const stopItem: StopItem = {
  ...head,
  kind: 'stop',
  name: 'all',
  stopped: true,
  reason: 'launches-stopped',
  at: NOON,
};

/** One of each kind, with the id the ledger gives it. */
export const ONE_OF_EACH: readonly (readonly [id: string, item: LedgerItem])[] = [
  ['42', openJob('42')],
  ['i-0123456789abcdef0', runnerItem('i-0123456789abcdef0')],
  [TICKET, launchItem()],
  ['linux-x64', poolItem],
  ['ec2-launches', budgetItem],
  ['9000.2', runItem],
  ['lease', sweepItem],
  ['all', stopItem],
];
