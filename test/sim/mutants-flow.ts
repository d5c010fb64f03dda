import type { ItemOf, JobItem, LedgerItem, RunnerItem } from '../../lambdas/contracts/ledger.ts';
import type { Pool } from '../../lambdas/contracts/settings.ts';
import { itemId } from '../../lambdas/core/index-keys.ts';
import type { Deployment } from '../../lambdas/core/launch-plan.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import type { Mutant } from './mutants.ts';
import type { RawPorts, Twist } from './sim.ts';

/** Bugs of the order of effects and of the core's decisions, planted as what they would write, read or acknowledge. */

/** Every item that the function writes is changed on its way. */
const writing =
  (change: (item: LedgerItem, fn: string) => LedgerItem | 'lost'): Twist =>
  (ports, { fn }) => ({
    ...ports,
    ledger: {
      ...ports.ledger,
      write: async (item) => {
        const changed = change(item, fn);
        if (changed === 'lost') return done(item);
        const outcome = await ports.ledger.write(changed);
        return outcome.ok && outcome.value !== 'stale'
          ? done({ ...item, rev: outcome.value.rev })
          : outcome.ok
            ? done('stale')
            : outcome;
      },
    },
  });

const job = (change: (job: JobItem, fn: string) => JobItem) =>
  writing((item, fn) => (item.kind === 'job' ? change(item, fn) : item));
const runner = (change: (runner: RunnerItem, fn: string) => RunnerItem) =>
  writing((item, fn) => (item.kind === 'runner' ? change(item, fn) : item));

/** Compare and swap becomes plain writing: the last one wins. */
const overwriting =
  (kind: LedgerItem['kind'], fns: readonly string[]): Twist =>
  (ports, { fn }) =>
    fns.includes(fn) ? { ...ports, ledger: { ...ports.ledger, write: overwrite(ports, kind) } } : ports;

const overwrite =
  ({ ledger }: RawPorts, kind: LedgerItem['kind']): RawPorts['ledger']['write'] =>
  async (item) => {
    if (item.kind !== kind) return ledger.write(item);
    const now = await ledger.read(kind, itemId(item));
    return ledger.write({ ...item, rev: now.ok ? (now.value?.rev ?? 0) : item.rev });
  };

const longLived =
  ({ ledger }: RawPorts): RawPorts['ledger']['read'] =>
  async (kind, id) => {
    const read = await ledger.read(kind, id);
    const item: LedgerItem | undefined = read.ok ? read.value : undefined;
    if (item?.kind !== 'runner') return read;
    const rules = { ...item.rules, lifetimeMaxMs: 100 * item.rules.lifetimeMaxMs };
    return done({ ...item, rules } as ItemOf<typeof kind>);
  };

const pools =
  (change: (pool: Pool) => Pool) =>
  (deployment: Deployment): Deployment => ({
    ...deployment,
    settings: { ...deployment.settings, pools: deployment.settings.pools.map(change) },
  });

export const FLOW_MUTANTS: Readonly<Record<string, Mutant>> = {
  'ack-by-position': {
    says: 'a batch that failed in part is acknowledged by position: the wrong messages come again',
    caughtBy: ['AckMeansSettled'],
    mutation: { failedOf: (batch, failed) => batch.slice(0, failed.length) },
  },
  'ack-all': {
    says: 'a batch that failed in part is acknowledged whole',
    caughtBy: ['AckMeansSettled'],
    mutation: { failedOf: () => [] },
  },
  'no-sweep': {
    says: 'the sweep is never scheduled',
    caughtBy: ['EveryJobRuns', 'LifetimeExceeded'],
    mutation: { mayInvoke: (fn) => fn !== 'sweep' },
  },
  'no-dedupe': {
    says: 'each event makes its job anew, whatever the ledger holds of it',
    caughtBy: ['FactsGoForward', 'LaunchRepeated', 'AckMeansSettled'],
    mutation: {
      ports: (ports, context) => ({
        ...ports,
        ledger: {
          ...ports.ledger,
          read: async (kind, id) =>
            kind === 'job' && context.fn === 'dispatch' ? done(undefined) : ports.ledger.read(kind, id),
          write: overwrite(ports, 'job'),
        },
      }),
    },
  },
  'jobs-overwritten': {
    says: 'dispatch and sweep write jobs without comparing revisions',
    caughtBy: ['LaunchRepeated', 'FactsGoForward', 'NeverClaimed', 'AckMeansSettled', 'EveryJobRuns'],
    from: 12,
    mutation: { ports: overwriting('job', ['dispatch', 'sweep']) },
  },
  'claims-overwritten': {
    says: 'a claim writes its runner without comparing revisions: the fence holds nobody off',
    caughtBy: ['SecondDelivery'],
    from: 44,
    mutation: { ports: overwriting('runner', ['claim']) },
  },
  'no-fence': {
    says: 'a claim takes no lease: twins mint side by side',
    caughtBy: [],
    equivalent:
      'the write that delivers compares revisions: one twin loses there, and deletes what it minted',
    mutation: {
      ports: runner((item, fn) =>
        fn === 'claim'
          ? { ...item, intent: { ...item.intent, leaseUntil: item.intent.leaseUntil && 1 } }
          : item,
      ),
    },
  },
  'sweep-lease-for-ever': {
    says: 'the lease of a sweep that was killed never runs out',
    caughtBy: ['EveryJobRuns', 'LifetimeExceeded', 'LedgerCloses'],
    mutation: {
      ports: writing((item) =>
        item.kind === 'sweep' && item.leaseUntil !== null
          ? { ...item, leaseUntil: item.leaseUntil + 10 * 3_600_000 }
          : item,
      ),
    },
  },
  'due-forgotten': {
    says: 'a job that waits has no next try',
    caughtBy: ['AckMeansSettled', 'EveryJobRuns'],
    mutation: {
      ports: job((item) =>
        item.intent.step === 'waiting' ? { ...item, intent: { ...item.intent, due: null } } : item,
      ),
    },
  },
  'idling-forgotten': {
    says: 'a job whose machine idled out gets the next one at once, for as long as GitHub holds it back',
    caughtBy: ['NeverClaimed'],
    from: 581,
    mutation: {
      ports: job((item) =>
        item.intent.reason === 'runner-unused'
          ? { ...item, intent: { ...item.intent, due: 1, idled: 0 } }
          : item,
      ),
    },
  },
  'lifetime-forgotten': {
    says: 'the sweep reads lifetimes a hundred times too long',
    caughtBy: ['LifetimeExceeded'],
    from: 10,
    mutation: {
      ports: (ports, { fn }) =>
        fn === 'sweep' ? { ...ports, ledger: { ...ports.ledger, read: longLived(ports) } } : ports,
    },
  },
  'binding-dropped': {
    says: 'what in_progress says of a runner and its job is not written to the runner',
    caughtBy: ['UsageTrue', 'NeverClaimed', 'NoMurder'],
    mutation: { ports: runner((item) => ({ ...item, job: null })) },
  },
  'completed-dropped': {
    says: 'a finished job is never written as completed',
    caughtBy: ['AckMeansSettled'],
    mutation: {
      ports: job((item) =>
        item.fact === 'completed' ? { ...item, fact: 'running', conclusion: null } : item,
      ),
    },
  },
  'pool-room-leaks': {
    says: 'room in a pool is taken and never given back',
    caughtBy: ['LedgerCloses', 'EveryJobRuns'],
    mutation: {
      ports: writing((item, fn) =>
        item.kind === 'pool' && (fn === 'observe' || fn === 'sweep') ? 'lost' : item,
      ),
    },
  },
  'ceiling-off-by-one': {
    says: 'a pool may have one machine more than its limit',
    caughtBy: ['Ceiling'],
    mutation: {
      deployment: pools((pool) => ({
        ...pool,
        limits: { ...pool.limits, runnersMax: pool.limits.runnersMax + 1 },
      })),
    },
  },
  'everybody-admitted': {
    says: 'public repositories and forks are admitted though the pool forbids them',
    caughtBy: ['DeniedByDefault'],
    mutation: {
      deployment: pools((pool) => ({ ...pool, admission: { publicRepositories: true, forks: true } })),
    },
  },
  'untested-image': {
    says: 'a launch names an image that passed no test',
    caughtBy: ['TestedImage'],
    mutation: {
      deployment: (deployment) => ({
        ...deployment,
        pools: Object.fromEntries(
          Object.entries(deployment.pools).map(([name, pool]) => [
            name,
            { ...pool, imageId: 'ami-0fffffffffffffff0' },
          ]),
        ),
      }),
    },
  },
};
