import { TAG } from '../../lambdas/contracts/tags.ts';
import { ORGANIZATION } from './places.ts';
import type { Context, Rule } from './rules.ts';

const MINUTE = 60_000;
const isAlive = ({ state }: { readonly state: string }): boolean => state !== 'terminated';

/** Rules of the calm: after faults stopped, everything converges within a bound. */
const everyJobRuns: Rule = {
  name: 'EveryJobRuns',
  code: 'L1',
  says: 'within 55 minutes of calm every job runs or is over, announced or not; at the end all are over',
  create: (context) => ({
    at: { probe: () => open(context, ['queued']), end: () => open(context, ['queued', 'in_progress']) },
  }),
};

function open({ sim, truth }: Context, statuses: readonly string[]): readonly string[] {
  const { now } = sim.clock;
  return [...truth.jobs].flatMap(([jobId, { isInVain, queuedAt }]) => {
    if (isInVain) return [];
    const job = sim.github.truth.job(jobId, now);
    if (job === undefined || !statuses.includes(job.status)) return [];
    const item = truth.job(jobId);
    const waitedMin = Math.round((now - queuedAt) / MINUTE);
    return [
      `${jobId} is ${job.status} after ${waitedMin} min; ledger: ${item?.intent.step}, ${item?.intent.reason}`,
    ];
  });
}

/** The sweep's own slack, a skipped pass, its time limit, and the operating system's leave. */
const LIFETIME_SLACK_MS = 4 * MINUTE;
/** While functions crash and EC2 throttles, a pass that comes to its end may still fail to end a machine. */
const SWEEPS_MAX = 4;

const lifetimeExceeded: Rule = {
  name: 'LifetimeExceeded',
  code: 'L2',
  says: 'no machine outlives the lifetime of its pool by more than a few sweeps that could do their work',
  create: (context) => {
    const sweptAt: number[] = [];
    const sweepsSince = (at: number): number => sweptAt.filter((one) => one > at).length;
    return {
      on: (happening) => {
        if (happening.kind === 'swept') sweptAt.push(context.sim.clock.now);
        return undefined;
      },
      at: {
        calm: () =>
          tooOld(context, ({ endedAt, overAt }) => sweepsSince(overAt) - sweepsSince(endedAt) > SWEEPS_MAX),
        probe: () => tooOld(context, isOverInCalm),
        end: () => tooOld(context, isOverInCalm),
      },
    };
  },
};

interface Span {
  readonly isAlive: boolean;
  /** When the machine ended, or now. */
  readonly endedAt: number;
  /** When its lifetime was over, slack included. */
  readonly overAt: number;
}

const isOverInCalm = ({ isAlive, endedAt, overAt }: Span): boolean => isAlive && endedAt > overAt;

function tooOld({ sim }: Context, isTooOld: (span: Span) => boolean): readonly string[] {
  const { now } = sim.clock;
  return sim.ec2.instances(now).flatMap((instance) => {
    const endedAt = instance.passages.find(({ state }) => state === 'terminated')?.at ?? now;
    const pool = sim.scenario.pools.find(({ name }) => name === instance.tags.get(TAG.pool));
    const lifetimeMs = pool?.limits.lifetimeMaxMs ?? 0;
    const overAt = instance.launchedAt + lifetimeMs + LIFETIME_SLACK_MS;
    const livedMin = Math.round((endedAt - instance.launchedAt) / MINUTE);
    return isTooOld({ isAlive: isAlive(instance), endedAt, overAt })
      ? [`${instance.instanceId} lived ${livedMin} min of ${lifetimeMs / MINUTE}`]
      : [];
  });
}

const noGhosts: Rule = {
  name: 'NoGhosts',
  code: 'L3',
  says: 'at the end no registration of ours is left',
  create: ({ sim }) => ({
    at: {
      end: () =>
        sim.github.truth
          .registrations(sim.clock.now)
          .filter(({ scope, name }) => scope.startsWith(ORGANIZATION) && name.startsWith('mayfly-'))
          .map(({ name, state }) => `${name} is still registered, ${state}`),
    },
  }),
};

/** After the probes have run, and with an idle runner's patience. */
const QUIET_MS = 8 * MINUTE;

const quiet: Rule = {
  name: 'Quiet',
  code: 'L4',
  says: 'without jobs there are no machines, and commands cease',
  create: ({ sim }) => {
    let launchedAt = 0;
    return {
      on: (happening) => {
        if (happening.kind === 'launch-asked') launchedAt = sim.clock.now;
        return undefined;
      },
      at: {
        end: () => [
          ...sim.ec2
            .instances(sim.clock.now)
            .filter(isAlive)
            .map(({ instanceId, state }) => `${instanceId} is ${state} without any job`),
          ...(sim.clock.now - launchedAt < QUIET_MS ? ['a machine was launched without any job'] : []),
        ],
      },
    };
  },
};

const nothingParked: Rule = {
  name: 'NothingParked',
  code: 'L6',
  says: 'no event of a job ends in the dead-letter queue, and every message is settled in the end',
  create: ({ sim }) => ({
    on: (happening) =>
      happening.kind === 'parked' && happening.queue === 'jobs' && happening.body !== POISON
        ? `an event was parked: ${happening.body.slice(0, 80)}`
        : undefined,
    at: { end: () => (sim.jobs.length > 0 ? [`${sim.jobs.length} messages are not settled`] : []) },
  }),
};

/** A message that is none. */
export const POISON = '{"poison":true}';

export const LIVENESS: readonly Rule[] = [everyJobRuns, lifetimeExceeded, noGhosts, quiet, nothingParked];
