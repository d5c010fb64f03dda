/** Why something stands as it stands, in plain words: decisions from the items of the ledger alone. */
import type { JobItem, LaunchItem, PoolItem, RunnerItem, StopItem } from '../../lambdas/contracts/ledger.ts';
import { REASONS, type Reason } from '../../lambdas/contracts/reasons.ts';
import { stateOf } from '../../lambdas/core/job.ts';
import { claimDeadline, RANK } from '../../lambdas/core/runner.ts';
import { FINISHED_GRACE_MS } from '../../lambdas/core/spacing.ts';
import { isStoppedFor } from '../../lambdas/core/stop.ts';
import { CAN_DO, WAITS_FOR } from './advice.ts';

export interface Why {
  /** `waiting`, `running`, `claimed`: where it stands. */
  readonly state: string;
  /** What truly holds it up: not always what its own item says last. */
  readonly reason: Reason;
  readonly says: string;
  /** Null: nothing is waited for. */
  readonly waitsFor: string | null;
  /** When that comes, or is looked at again at the latest; epoch ms. Null: nobody can tell. */
  readonly until: number | null;
  /** Null: nothing has to be done. */
  readonly canDo: string | null;
}

/** All that the ledger holds about one job. */
export interface JobCase {
  readonly job: JobItem;
  /** The launch of its ticket. */
  readonly launch: LaunchItem | undefined;
  /** What that launch brought, and the unbound machines of its group. */
  readonly machines: readonly RunnerItem[];
  /** Open jobs of its group that have waited longer. */
  readonly ahead: number;
  readonly pool: PoolItem | undefined;
  readonly stop: StopItem | undefined;
  readonly now: number;
}

interface Told {
  readonly state: string;
  readonly until: number | null;
  readonly says?: string;
}

const told = (reason: Reason, { state, until, says = '' }: Told): Why => ({
  state,
  reason,
  says: says === '' ? REASONS[reason] : `${REASONS[reason]}: ${says}`,
  waitsFor: WAITS_FOR[reason] ?? null,
  until,
  canDo: CAN_DO[reason] ?? null,
});

export function whyJob(at: JobCase): Why {
  const { job, stop, now } = at;
  const state = stateOf(job);
  const { reason, due, step } = job.intent;
  if (job.fact === 'completed') return { ...told('job-completed', { state, until: null }), waitsFor: null };
  if (job.fact === 'running') return runningJob(at);
  if (job.outcome !== 'open') return told(reason, { state, until: null, says: lastWhy(job) });
  if (step === 'none') return told(reason, { state, until: null });
  const machine = comingFor(at);
  if (machine !== undefined) return onItsWay(machine, { state, now });
  if (isStoppedFor(stop, job)) return told('launches-stopped', { state, until: null });
  if (step === 'launching') return withoutMachine(at);
  return told(reason, { state, until: untilOf(reason, at.pool) ?? due, says: lastWhy(job) });
}

/** What our functions said beside the reason, where they did. */
function lastWhy({ timeline, intent }: JobItem): string {
  const last = timeline.entries.at(-1);
  return last?.reason === intent.reason ? last.why : '';
}

function runningJob({ job, machines }: JobCase): Why {
  const machine = machines.find(
    ({ job: bound, instanceId }) => bound === job.jobId || instanceId === job.runner?.instanceId,
  );
  const isOurs = job.runner?.instanceId != null;
  const on = job.runner === null ? '' : `on ${job.runner.name}${isOurs ? '' : ', a runner of somebody else'}`;
  if (machine?.rank === 'ended')
    return {
      ...told(endOf(machine), {
        state: 'running',
        until: null,
        says: `${machine.instanceId}, under the job`,
      }),
      waitsFor: 'GitHub to give the job up, some ten minutes after its machine was gone',
      canDo: 're-run the job when GitHub has failed it',
    };
  const until = machine === undefined ? null : machine.at.launched + machine.rules.lifetimeMaxMs;
  return told('job-running', { state: 'running', until, says: on });
}

/** A hold of the whole pool is longer than what the job was told. */
function untilOf(reason: Reason, pool: PoolItem | undefined): number | null {
  if (reason === 'pool-on-hold') return pool?.probeAt ?? null;
  return reason === pool?.heldReason ? pool.heldUntil : null;
}

const isComing = ({ rank, job, at, intent }: RunnerItem): boolean =>
  rank !== 'ended' && job === null && at.finished === null && intent.end === null;

/** GitHub binds no machine to a job, but the first machine of a group serves its first job, more or less. */
const comingFor = ({ machines, ahead }: JobCase): RunnerItem | undefined =>
  machines.filter(isComing).toSorted((a, b) => RANK[b.rank] - RANK[a.rank] || a.at.launched - b.at.launched)[
    ahead
  ];

/** Why a claim was not answered yet, as it stands in the timeline of the machine. */
const CLAIM_BLOCKERS: readonly Reason[] = [
  'registration-busy',
  'registration-unsure',
  'metadata-open',
  'claim-fenced',
];

function onItsWay(
  machine: RunnerItem,
  { state, now }: { readonly state: string; readonly now: number },
): Why {
  const { instanceId, rank, at, rules, claim, timeline } = machine;
  if (rank === 'launched') {
    const blocker = timeline.entries.findLast(({ reason }) => CLAIM_BLOCKERS.includes(reason))?.reason;
    const asked = claim.attempts === 0 ? 'it has not asked yet' : `it has asked ${claim.attempts} times`;
    if (now > claimDeadline(machine))
      return {
        ...told('claim-deadline-over', { state, until: null, says: `${instanceId}, ${asked}` }),
        waitsFor: 'the sweep to end the instance and to launch another',
      };
    const reason = claim.attempts === 0 ? 'launched' : (blocker ?? 'launched');
    return told(reason, { state, until: claimDeadline(machine), says: `${instanceId}, ${asked}` });
  }
  const since = at.online ?? at.claimed ?? at.launched;
  const reason = rank === 'claimed' ? 'claimed' : 'runner-online';
  return told(reason, { state, until: since + rules.idleMaxMs, says: instanceId });
}

/** A launch was made for the job, and no machine of it is there for the job. */
function withoutMachine({ job, launch, machines, pool, now }: JobCase): Why {
  const state = stateOf(job);
  const { due } = job.intent;
  if (launch === undefined || launch.state === 'void') return told('launch-lost', { state, until: due });
  if (launch.state === 'open') {
    const reason = isFresh(launch, now) ? 'launch-requested' : 'launch-unsure';
    return told(reason, { state, until: launch.due, says: launch.ticket });
  }
  if (pool?.heldUntil != null && pool.heldUntil > now && pool.heldReason !== null)
    return told(pool.heldReason, { state, until: pool.heldUntil });
  const gone = machines.find(({ intent }) => intent.cause === job.jobId) ?? machines.at(-1);
  if (gone === undefined) return told('launch-requested', { state, until: due });
  if (gone.job !== null && gone.job !== job.jobId)
    return told('runner-busy', {
      state,
      until: due,
      says: `${gone.instanceId} took job ${gone.job} instead`,
    });
  const reason = gone.claim.deliveredAt === null ? 'runner-never-claimed' : 'runner-lost';
  return told(reason, { state, until: due, says: `${gone.instanceId}, ${REASONS[endOf(gone)]}` });
}

/** The time limit of dispatch: until then its function may be waiting for the answer of EC2. */
const ANSWER_MAX_MS = 15_000;
const isFresh = ({ createdAt, replays }: LaunchItem, now: number): boolean =>
  replays === 0 && now - createdAt < ANSWER_MAX_MS;

const endOf = ({ intent, timeline }: RunnerItem): Reason =>
  intent.end ?? timeline.entries.at(-1)?.reason ?? 'instance-ended';

export function whyRunner(runner: RunnerItem, now: number): Why {
  const { rank, intent, at, rules, job, notice } = runner;
  const ran = job === null ? 'without a job' : `it ran job ${job}`;
  if (rank === 'ended') {
    const reason = endOf(runner);
    return { ...told(reason, { state: 'ended', until: null, says: ran }), waitsFor: null };
  }
  if (notice !== null && intent.end === null)
    return {
      ...told(notice.reason, {
        state: rank,
        until: null,
        says: job === null ? 'it has no job' : `it runs job ${job}`,
      }),
      waitsFor: 'EC2, two minutes after its notice, or the job to end before',
    };
  if (intent.end !== null)
    return {
      ...told(intent.end, { state: 'ending', until: null }),
      waitsFor: 'the sweep to end the instance, and EC2 to say so',
    };
  if (at.finished !== null) {
    const until = at.finished + rules.graceMs + FINISHED_GRACE_MS;
    return {
      ...told('job-finished', { state: 'finished', until, says: ran }),
      waitsFor: 'the instance to power off',
    };
  }
  if (rank === 'busy') {
    const until = at.launched + rules.lifetimeMaxMs;
    return {
      ...told('runner-busy', { state: 'busy', until, says: job === null ? '' : `job ${job}` }),
      waitsFor: 'its job to end',
    };
  }
  const why = onItsWay(runner, { state: rank, now });
  return rank === 'launched' ? why : { ...why, waitsFor: rank === 'claimed' ? why.waitsFor : 'a job' };
}
