import { TAG } from '../../lambdas/contracts/tags.ts';
import { RUN_LOOK_MS } from '../../lambdas/core/sweep-lines.ts';
import type { Context, Rule } from './rules.ts';
import { usageWhole } from './rules-usage.ts';

const MINUTE = 60_000;
const SECOND = 1_000;

/** What a fault of a kind may cost in machines that serve no job. Kinds that are not named cost nothing. */
const WASTE_OF: Readonly<Record<string, number>> = {
  'crash-before': 1,
  'crash-after': 1,
  'answer-lost': 1,
  throttle: 1,
  slow: 1,
  'request-lost': 1,
  'reply-lost': 1,
  // The copy's answer may carry the registration, and nobody listens to it: delivered unknown, never sent again.
  'request-doubled': 1,
  'slow-boot': 1,
  'agent-quits': 1,
  'agent-hangs': 1,
  'power-off-fails': 1,
  'never-boots': 1,
  'fails-pending': 1,
  surplus: 1,
  'metadata-stuck': 1,
  interruption: 1,
  rebalance: 1,
  stolen: 1,
  'hook-lost': 3,
  'hook-late': 3,
  'hook-malformed': 3,
  'hook-reordered': 1,
  'index-lag': 1,
  'message-late': 2,
  'github-stale': 1,
  'github-502': 1,
  'github-answer-lost': 1,
  suspended: 40,
};

/** Machines that one job may cost beyond its own when people cancel, hold or run it too long. */
const WASTE_OF_PEOPLE = 1;
const WASTE_OF_HELD = 5;

const neverClaimed: Rule = {
  name: 'NeverClaimed',
  code: 'A1',
  says: 'machines launched are at most the jobs, and one for each thing that wastes one',
  create: (context) => ({ at: { end: () => waste(context) } }),
};

function waste({ sim, truth }: Context): readonly string[] {
  const { now } = sim.clock;
  const launched = sim.ec2.instances(now).length;
  let allowed = 0;
  for (const [jobId, { isInVain, cancelledAt, startedAt }] of truth.jobs) {
    // GitHub may give one of our runners a job that was denied: the guard ends that machine, and its own job wants another.
    if (isInVain) allowed += startedAt === null ? 0 : 1;
    if (isInVain) continue;
    allowed += 1;
    if (cancelledAt !== null) allowed += WASTE_OF_PEOPLE;
    const job = sim.github.truth.job(jobId, now);
    const waitedMs = (job?.startedAt ?? job?.completedAt ?? now) - (job?.createdAt ?? now);
    if (sim.scenario.workload.held > 0 && waitedMs > MINUTE) allowed += WASTE_OF_HELD;
  }
  if (sim.scenario.hasMixedLabels) allowed += Math.ceil(truth.jobs.size / 2);
  for (const { kind } of sim.book.fired) allowed += WASTE_OF[kind] ?? 0;
  return launched > allowed ? [`${launched} machines were launched where ${allowed} explain themselves`] : [];
}

function isFaultless({ sim }: Context): boolean {
  const { vcpusMax, pointsMax, tokenUnusableMs, hasMixedLabels, workload } = sim.scenario;
  const isRoomy = vcpusMax === null && pointsMax === null;
  const isPlain = isRoomy && tokenUnusableMs === 0 && workload.inVain === 0;
  return isPlain && sim.book.fired.length === 0 && !hasMixedLabels;
}

const oneEach: Rule = {
  name: 'OneEach',
  code: 'A1',
  says: 'without any fault each machine is minted and delivered once, and each serves a job',
  create: (context) => ({
    at: {
      end: () => {
        const { sim, truth } = context;
        const { workload, deployAt } = sim.scenario;
        if (!isFaultless(context) || deployAt !== null || workload.cancelled + workload.held > 0) return [];
        const launched = sim.ec2.instances(sim.clock.now).length;
        const served = [...truth.machines.values()].filter(({ jobs }) => jobs.length > 0).length;
        return launched === served && truth.minted === served
          ? []
          : [`${launched} machines and ${truth.minted} registrations served ${served} jobs`];
      },
    },
  }),
};

const ledgerCloses: Rule = {
  name: 'LedgerCloses',
  code: 'A2',
  says: 'each machine has one record, born and ended once; no launch stays open, no room stays taken',
  create: (context) => ({ at: { end: () => unclosed(context) } }),
};

function unclosed({ sim, truth }: Context): readonly string[] {
  const { now } = sim.clock;
  const found: string[] = [];
  for (const { instanceId } of sim.ec2.instances(now)) {
    const runner = truth.runner(instanceId);
    if (runner === undefined) continue;
    const ends = runner.timeline.entries.filter(({ from, to }) => from !== 'ended' && to === 'ended').length;
    if (runner.rank !== 'ended') found.push(`${instanceId} is ${runner.rank} in the ledger`);
    else if (ends !== 1) found.push(`${instanceId} ended ${ends} times in the ledger`);
  }
  for (const item of truth.items.values()) {
    if (item.kind === 'launch' && item.state === 'open') found.push(`launch ${item.ticket} is still open`);
    if (item.kind === 'pool' && item.live !== 0)
      found.push(`pool ${item.pool} counts ${item.live} live runners`);
    if (item.kind === 'runner' && sim.ec2.instance(item.instanceId) === undefined)
      found.push(`${item.instanceId} has a record and never was`);
  }
  return found;
}

const orphanFound: Rule = {
  name: 'OrphanFound',
  code: 'A2',
  says: 'each machine is explained by a launch of ours, and has a record once it could claim',
  create: ({ sim, truth }) => ({
    at: {
      end: () =>
        sim.ec2.instances(sim.clock.now).flatMap(({ instanceId, tags, passages }) => {
          const launch = truth.launch(tags.get(TAG.ticket) ?? '');
          if (launch === undefined || launch.state === 'void')
            return [`${instanceId} was launched by nothing we know of`];
          const endedAt = passages.find(({ state }) => state === 'terminated')?.at ?? sim.clock.now;
          const livedMs = endedAt - (passages[0]?.at ?? 0);
          const hasLived = livedMs > 15 * MINUTE;
          return hasLived && truth.runner(instanceId) === undefined
            ? [`${instanceId} lived without a record`]
            : [];
        }),
    },
  }),
};

const usageTrue: Rule = {
  name: 'UsageTrue',
  code: 'A3',
  says: 'the ledger binds each job to the machine that truly ran it',
  create: (context) => ({ at: { end: () => misbound(context) } }),
};

function misbound({ sim, truth }: Context): readonly string[] {
  const found: string[] = [];
  for (const [instanceId, { jobs }] of truth.machines) {
    const [jobId] = jobs;
    const job = jobId === undefined ? undefined : truth.job(jobId);
    if (jobId === undefined || job === undefined || job.fact === 'queued') continue;
    const told = sim.github.truth.job(jobId, sim.clock.now);
    if (job.runner !== null && job.runner.instanceId !== instanceId)
      found.push(`${jobId} ran on ${instanceId}, the ledger says ${job.runner.instanceId}`);
    const runner = truth.runner(instanceId);
    if (job.runner !== null && runner !== undefined && runner.job !== jobId)
      found.push(`${instanceId} ran ${jobId}, the ledger says ${runner.job}`);
    const isSame = told === undefined || secondsApart(told.startedAt, job.at.started) < 2;
    if (!isSame) found.push(`${jobId} started at another time than the ledger says`);
  }
  return found;
}

const secondsApart = (a: number | null, b: number | null): number =>
  a === null || b === null ? 0 : Math.abs(a - b) / SECOND;

/** Webhook, batch window, launch, boot, claim, pick-up; and one sweep where demand was counted while it moved. */
const BASE_WAIT_MS = 100 * SECOND;
const PROBE_WAIT_MS = 180 * SECOND;

const queuedToStarted: Rule = {
  name: 'QueuedToStartedMs',
  code: 'A4',
  says: 'without a fault a job starts within 100 s; in the calm within 3 min',
  create: (context) => {
    const { sim, truth } = context;
    const { workload, isCramped, vcpusMax, startAt, safetyMs } = sim.scenario;
    const isFree = !isCramped && workload.held + workload.approved === 0;
    return {
      on: (happening) => {
        if (happening.kind !== 'job-started') return undefined;
        const queuedAt = truth.jobs.get(happening.jobId)?.queuedAt ?? sim.clock.now;
        const waitedMs = sim.clock.now - queuedAt;
        const isProbe = queuedAt > startAt + safetyMs && vcpusMax === null;
        const maxMs = isProbe
          ? PROBE_WAIT_MS
          : isFree && isFaultless(context)
            ? BASE_WAIT_MS
            : Number.POSITIVE_INFINITY;
        return waitedMs > maxMs ? `${happening.jobId} waited ${Math.round(waitedMs / SECOND)} s` : undefined;
      },
    };
  },
};

/** Calls to GitHub for one job: token, run, mint, a deregistration, the last looks at its run. */
const CALLS_PER_JOB = 10;
/** What the sweep asks at rest, per hour: deliveries, lists, tokens, and of each repository its open runs every 5 min. */
const REPOSITORIES = 4;
const CALLS_OF_REST_PER_HOUR = 60 + 12 + 8 + 24 * REPOSITORIES;
/** DESIGN §4: the lines of the sweep's budget add up to this, per hour. */
const SWEEP_CALLS_PER_HOUR = 1_500;

/** While a run is open its jobs are looked at. */
function looks({ sim, truth }: Context): number {
  const { now } = sim.clock;
  return [...truth.jobs.keys()].reduce((sum, jobId) => {
    const job = sim.github.truth.job(jobId, now);
    return sum + ((job?.completedAt ?? now) - (job?.createdAt ?? now)) / RUN_LOOK_MS;
  }, 0);
}

const apiBudget: Rule = {
  name: 'ApiBudget',
  code: 'A5',
  says: 'calls to GitHub are a constant per job, and the budget of the sweep per hour',
  create: (context) => ({
    at: {
      end: () => {
        const { sim, truth } = context;
        const byRoute = [...sim.github.truth.calls()].toSorted((a, b) => b[1] - a[1]);
        const calls = byRoute.reduce((sum, [, count]) => sum + count, 0);
        const hours = (sim.clock.now - sim.scenario.startAt) / (60 * MINUTE);
        const faults = sim.book.fired.length;
        const allowed =
          CALLS_PER_JOB * truth.jobs.size + looks(context) + 4 * faults + CALLS_OF_REST_PER_HOUR * hours;
        const most = Math.min(allowed, CALLS_PER_JOB * truth.jobs.size + SWEEP_CALLS_PER_HOUR * hours);
        const most3 = byRoute.slice(0, 3).map(([route, count]) => `${count} ${route}`);
        return calls > most
          ? [`${calls} calls to GitHub where ${Math.round(most)} are explained (${most3.join(', ')} …)`]
          : [];
      },
    },
  }),
};

export const ACCOUNTING: readonly Rule[] = [
  neverClaimed,
  oneEach,
  ledgerCloses,
  orphanFound,
  usageTrue,
  usageWhole,
  queuedToStarted,
  apiBudget,
];
