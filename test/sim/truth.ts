import type {
  JobItem,
  LaunchItem,
  LedgerItem,
  PoolItem,
  RunnerItem,
} from '../../lambdas/contracts/ledger.ts';
import { itemId, keyOf } from '../../lambdas/core/index-keys.ts';
import type { Happening, Sim } from './sim.ts';

/** A machine as it truly lived. */
export interface MachineTruth {
  deliveries: number;
  readonly clients: Set<string>;
  readonly jobs: string[];
  /** What it runs now. */
  running: string | null;
}

/** A job as people know it. */
export interface JobTruth {
  readonly queuedAt: number;
  /** Nobody may serve it. */
  readonly isInVain: boolean;
  cancelledAt: number | null;
  startedAt: number | null;
}

/** What truly happened, kept by the simulation and known to no function. */
export interface Truth {
  readonly machines: ReadonlyMap<string, MachineTruth>;
  readonly jobs: ReadonlyMap<string, JobTruth>;
  /** Which machine used which JIT configuration. */
  readonly clients: ReadonlyMap<string, string>;
  readonly items: ReadonlyMap<string, LedgerItem>;
  readonly minted: number;
  /** Parts of every secret that was handed out. */
  readonly secrets: readonly string[];
  job(jobId: string): JobItem | undefined;
  runner(instanceId: string): RunnerItem | undefined;
  launch(ticket: string): LaunchItem | undefined;
  pool(name: string): PoolItem | undefined;
  tell(happening: Happening): void;
}

/** So much of a secret tells it from everything else. */
const SECRET_PART = 60;

export function createTruth(sim: Sim): Truth {
  const machines = new Map<string, MachineTruth>();
  const jobs = new Map<string, JobTruth>();
  const clients = new Map<string, string>();
  const items = new Map<string, LedgerItem>();
  const secrets: string[] = [];
  let minted = 0;
  const machine = (instanceId: string): MachineTruth => {
    const known = machines.get(instanceId);
    if (known !== undefined) return known;
    const fresh: MachineTruth = { deliveries: 0, clients: new Set(), jobs: [], running: null };
    machines.set(instanceId, fresh);
    return fresh;
  };
  const itemOf = (kind: LedgerItem['kind'], id: string): LedgerItem | undefined => items.get(keyOf(kind, id));
  const tell = (happening: Happening): void => {
    const now = sim.clock.now;
    switch (happening.kind) {
      case 'written':
        items.set(keyOf(happening.after.kind, itemId(happening.after)), happening.after);
        break;
      case 'queued': {
        const { jobId, isInVain } = happening;
        jobs.set(jobId, { queuedAt: now, isInVain, cancelledAt: null, startedAt: null });
        break;
      }
      case 'cancelled': {
        const job = jobs.get(happening.jobId);
        if (job !== undefined) job.cancelledAt ??= now;
        break;
      }
      case 'delivered':
        machine(happening.instanceId).deliveries += 1;
        break;
      case 'minted':
        if (!happening.outcome.ok) break;
        minted += 1;
        for (const file of Object.values(happening.outcome.value.jit)) secrets.push(file.slice(-SECRET_PART));
        break;
      case 'connected':
        machine(happening.instanceId).clients.add(happening.clientId);
        if (!clients.has(happening.clientId)) clients.set(happening.clientId, happening.instanceId);
        break;
      case 'job-started': {
        const one = machine(happening.instanceId);
        one.jobs.push(happening.jobId);
        one.running = happening.jobId;
        const job = jobs.get(happening.jobId);
        if (job !== undefined) job.startedAt ??= now;
        break;
      }
      case 'frozen':
        // Nothing runs on it any more, whatever GitHub still believes.
        machine(happening.instanceId).running = null;
        break;
      case 'job-ended':
        machine(happening.instanceId).running = null;
        break;
      default:
    }
  };
  return {
    machines,
    jobs,
    clients,
    items,
    get minted() {
      return minted;
    },
    secrets,
    job: (id) => ofKind(itemOf('job', id), 'job'),
    runner: (id) => ofKind(itemOf('runner', id), 'runner'),
    launch: (id) => ofKind(itemOf('launch', id), 'launch'),
    pool: (id) => ofKind(itemOf('pool', id), 'pool'),
    tell,
  };
}

const ofKind = <K extends LedgerItem['kind']>(
  item: LedgerItem | undefined,
  kind: K,
): Extract<LedgerItem, { kind: K }> | undefined =>
  item !== undefined && isKind(item, kind) ? item : undefined;

const isKind = <K extends LedgerItem['kind']>(
  item: LedgerItem,
  kind: K,
): item is Extract<LedgerItem, { kind: K }> => item.kind === kind;
