import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobItem, LedgerItem } from '../../lambdas/contracts/ledger.ts';
import { TAG } from '../../lambdas/contracts/tags.ts';
import { RANK } from '../../lambdas/core/runner.ts';
import { ARM_IMAGES, IMAGES } from './places.ts';
import type { Context, Rule } from './rules.ts';
import { POISON } from './rules-liveness.ts';
import type { Happening } from './sim.ts';

type On = (happening: Happening) => string | undefined;

/** Rules that hold at every step, whatever fails. */
const rule = (name: string, code: string, says: string, create: (context: Context) => On): Rule => ({
  name,
  code,
  says,
  create: (context) => ({ on: create(context) }),
});

const secondDelivery = rule(
  'SecondDelivery',
  'S1',
  'a machine is handed at most one registration',
  ({ truth }) =>
    (happening) => {
      if (happening.kind !== 'delivered') return undefined;
      const { instanceId } = happening;
      const times = truth.machines.get(instanceId)?.deliveries ?? 0;
      return times > 1 ? `${instanceId} was handed ${times} registrations` : undefined;
    },
);

const singleUse = rule(
  'SingleUse',
  'S1',
  'a machine runs at most one job, and one registration serves one machine',
  ({ truth }) =>
    (happening) => {
      if (happening.kind === 'job-started') {
        const jobs = truth.machines.get(happening.instanceId)?.jobs ?? [];
        return jobs.length > 1 ? `${happening.instanceId} started ${jobs.join(' and ')}` : undefined;
      }
      if (happening.kind !== 'connected') return undefined;
      const first = truth.clients.get(happening.clientId);
      return first === happening.instanceId
        ? undefined
        : `${happening.instanceId} used the registration of ${first}`;
    },
);

const noMurder = rule(
  'NoMurder',
  'S2',
  'no machine is ended under a job that may be served before the lifetime of its pool is over',
  ({ sim, truth }) =>
    (happening) => {
      if (happening.kind !== 'terminate-asked') return undefined;
      for (const instanceId of happening.ids) {
        const jobId = truth.machines.get(instanceId)?.running ?? null;
        // The guard denied such a job before its first step: its machine is meant to go.
        if (jobId === null || truth.jobs.get(jobId)?.isInVain === true) continue;
        const { now } = sim.clock;
        const lifetimeMs = truth.runner(instanceId)?.rules.lifetimeMaxMs ?? 0;
        const instance = sim.ec2.instance(instanceId);
        const isOver = instance === undefined || now - instance.launchedAt > lifetimeMs;
        const isRunning = sim.github.truth.job(jobId, now)?.status === 'in_progress';
        if (!isOver && isRunning && instance?.state === 'running')
          return `${instanceId} is ended while it runs ${jobId}`;
      }
      return undefined;
    },
);

const launchRepeated = rule(
  'LaunchRepeated',
  'S3',
  'an attempt of a job has at most one ticket',
  ({ truth }) => {
    const tickets = new Map<string, string>();
    return (happening) => {
      if (happening.kind !== 'launch-asked') return undefined;
      const { ticket } = happening.request;
      const launch = truth.launch(ticket);
      if (launch === undefined) return `launch ${ticket} is asked for without a record`;
      if (launch.state === 'void') return `launch ${ticket} is asked for although it is void`;
      for (const { jobId, attempt } of launch.units) {
        const key = `${jobId}.${attempt}`;
        const known = tickets.get(key) ?? ticket;
        tickets.set(key, known);
        if (known !== ticket) return `attempt ${attempt} of ${jobId} has tickets ${known} and ${ticket}`;
      }
      return undefined;
    };
  },
);

const ceiling = rule(
  'Ceiling',
  'S4',
  'a pool never has more machines than its ceiling',
  ({ sim }) =>
    (happening) => {
      if (happening.kind !== 'launched' || !happening.answer.ok) return undefined;
      const pool = happening.request.tags[TAG.pool];
      const alive = sim.ec2
        .instances(sim.clock.now)
        .filter(
          ({ tags, state }) => tags.get(TAG.pool) === pool && (state === 'pending' || state === 'running'),
        );
      const max = sim.scenario.pools.find(({ name }) => name === pool)?.limits.runnersMax ?? 0;
      // EC2 may give one more than asked, which nobody can know before.
      const given = sim.book.fired.filter(({ kind }) => kind === 'surplus').length;
      return alive.length > max + given ? `${pool} has ${alive.length} machines of ${max}` : undefined;
    },
);

const ackMeansSettled = rule(
  'AckMeansSettled',
  'S6',
  'a message is deleted only when the ledger holds what it said and knows when to go on',
  ({ truth }) =>
    (happening) => {
      if (happening.kind !== 'acked' || happening.queue !== 'jobs') return undefined;
      if (happening.body === POISON) return 'a message that is no event was deleted as settled';
      const { jobId, action, status }: JobEvent = JSON.parse(happening.body);
      const job = truth.job(jobId);
      if (job === undefined) return `${jobId}: ${action} was deleted, and the ledger knows nothing of it`;
      if (FACT[job.fact] < (FACT[action] ?? 0))
        return `${jobId}: ${action} was deleted, the ledger says ${job.fact}`;
      const isWaiting = action === 'queued' && status === 'queued';
      return isWaiting && isStuck(job)
        ? `${jobId} is ${job.intent.step} and nobody will look at it`
        : undefined;
    },
);

const FACT: Readonly<Record<string, number> & { queued: number; running: number; completed: number }> = {
  queued: 0,
  waiting: 0,
  in_progress: 1,
  running: 1,
  completed: 2,
};

const isStuck = ({ fact, outcome, intent }: JobItem): boolean =>
  fact === 'queued' && outcome === 'open' && intent.due === null;

const unseenIsNotGone = rule(
  'UnseenIsNotGone',
  'S7',
  'no runner is marked ended whose machine lives',
  ({ sim }) =>
    (happening) => {
      if (happening.kind !== 'written' || happening.after.kind !== 'runner') return undefined;
      const { before, after } = happening;
      if (after.rank !== 'ended' || (before?.kind === 'runner' && before.rank === 'ended')) return undefined;
      const state = sim.ec2.instance(after.instanceId)?.state;
      return state === 'running' || state === 'pending'
        ? `${after.instanceId} is marked ended and is ${state}`
        : undefined;
    },
);

const secretsStay = rule(
  'SecretsStay',
  'S8',
  'no registration appears in the ledger or in what is said',
  ({ truth }) =>
    (happening) => {
      const text = textOf(happening);
      if (text === undefined) return undefined;
      return truth.secrets.some((secret) => text.includes(secret))
        ? `a secret stands in ${text.slice(0, 60)}`
        : undefined;
    },
);

/** Only what is long enough to hold a secret: most of what is said is short. */
const SECRET_CHARS = 60;

function textOf(happening: Happening): string | undefined {
  if (happening.kind !== 'said') return undefined;
  const values = Object.values(happening.fields);
  const isLong = values.some((value) => typeof value !== 'number' && String(value).length >= SECRET_CHARS);
  return isLong ? JSON.stringify(happening.fields) : undefined;
}

const testedImage = rule(
  'TestedImage',
  'S9',
  'a launch names only an image that passed its test',
  () => (happening) => {
    if (happening.kind !== 'launch-asked') return undefined;
    const { imageId } = happening.request;
    const isTested = [...IMAGES, ...ARM_IMAGES].some((tested) => tested === imageId);
    return isTested ? undefined : `a launch names ${imageId}`;
  },
);

const metadataClosed = rule(
  'MetadataClosed',
  'S10',
  'where a job can be root its registration leaves only after the metadata endpoint is closed',
  ({ sim, truth }) =>
    (happening) => {
      if (happening.kind !== 'delivered') return undefined;
      const { instanceId } = happening;
      const hardening = truth.runner(instanceId)?.rules.hardening;
      const isOpen = sim.ec2.isMetadataReachable(instanceId, sim.clock.now);
      return hardening !== 'standard' && isOpen
        ? `${instanceId} was served with its metadata open`
        : undefined;
    },
);

const deniedByDefault = rule(
  'DeniedByDefault',
  'S11',
  'nothing is launched for a job that may not be served',
  ({ truth }) =>
    (happening) => {
      if (happening.kind !== 'launch-asked') return undefined;
      const units = truth.launch(happening.request.ticket)?.units ?? [];
      const vain = units.find(({ jobId }) => truth.jobs.get(jobId)?.isInVain !== false);
      return vain && `a machine is launched for ${vain.jobId}, which may not be served`;
    },
);

const guardedStart = rule(
  'GuardedStart',
  'S14',
  'no step runs of a job that may not be served, and none that may is denied while answers come',
  ({ truth }) =>
    (happening) => {
      if (happening.kind !== 'guarded') return undefined;
      const { jobId, instanceId, isAllowed, isAnswered } = happening;
      const isInVain = truth.jobs.get(jobId)?.isInVain === true;
      if (isInVain && isAllowed) return `${jobId} runs on ${instanceId} and may not be served`;
      return !isInVain && !isAllowed && isAnswered ? `${jobId} was denied on ${instanceId}` : undefined;
    },
);

const factsGoForward = rule(
  'FactsGoForward',
  'S12',
  'what was reported from outside never goes back, nor does an attempt',
  () => (happening) => {
    if (happening.kind !== 'written') return undefined;
    const { before, after } = happening;
    return before === undefined ? undefined : backwards(before, after);
  },
);

function backwards(before: LedgerItem, after: LedgerItem): string | undefined {
  if (before.kind === 'job' && after.kind === 'job') {
    const isBack = FACT[after.fact] < FACT[before.fact] || after.intent.attempt < before.intent.attempt;
    return isBack ? `${after.jobId} went back from ${before.fact} to ${after.fact}` : undefined;
  }
  if (before.kind !== 'runner' || after.kind !== 'runner') return undefined;
  if (RANK[after.rank] < RANK[before.rank]) return `${after.instanceId} went back to ${after.rank}`;
  const isRebound = before.job !== null && after.job !== before.job;
  return isRebound ? `${after.instanceId} was bound to ${before.job} and now to ${after.job}` : undefined;
}

const BUG_WORDS: readonly string[] = ['unit-failed', 'launch-failed', 'admission-failed', 'item-unreadable'];

const nobodyThrows = rule(
  'NobodyThrows',
  'S13',
  'exceptions are for bugs, and there is none',
  () => (happening) => {
    if (happening.kind === 'threw') return `${happening.fn}: ${happening.error}`;
    if (happening.kind !== 'said' || !BUG_WORDS.includes(happening.event)) return undefined;
    return `${happening.event}: ${JSON.stringify(happening.fields)}`;
  },
);

export const SAFETY: readonly Rule[] = [
  secondDelivery,
  singleUse,
  noMurder,
  launchRepeated,
  ceiling,
  ackMeansSettled,
  unseenIsNotGone,
  secretsStay,
  testedImage,
  metadataClosed,
  deniedByDefault,
  guardedStart,
  factsGoForward,
  nobodyThrows,
];
