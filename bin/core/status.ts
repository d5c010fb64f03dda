/** How a stack stands, counted from its open items: decisions only. */
import type {
  BudgetItem,
  JobItem,
  LaunchItem,
  PoolItem,
  RunnerItem,
  StopItem,
} from '../../lambdas/contracts/ledger.ts';
import type { Reason } from '../../lambdas/contracts/reasons.ts';
import { stateOf } from '../../lambdas/core/job.ts';

/** All that is under way. */
export interface OpenItems {
  readonly jobs: readonly JobItem[];
  readonly runners: readonly RunnerItem[];
  readonly launches: readonly LaunchItem[];
  /** False when there is more of it than one look shows. */
  readonly isWhole: boolean;
}

export interface Standing {
  readonly open: OpenItems;
  readonly pools: readonly PoolItem[];
  readonly budgets: readonly BudgetItem[];
  readonly stop: StopItem | undefined;
  readonly now: number;
}

export interface Status {
  readonly jobs: Readonly<Record<'held' | 'waiting' | 'launching' | 'running', number>>;
  /** Open jobs by the reason they give, most frequent first. */
  readonly waitingFor: readonly { readonly reason: Reason; readonly jobs: number }[];
  readonly oldestQueued: {
    readonly jobId: string;
    readonly repository: string;
    readonly waitedMs: number;
  } | null;
  readonly pools: readonly PoolStatus[];
  readonly launchesOpen: number;
  readonly budgets: readonly Pick<BudgetItem, 'name' | 'tokens' | 'closedUntil'>[];
  readonly stopped: {
    readonly all: boolean;
    readonly pools: readonly string[];
    readonly repositories: readonly string[];
  };
  /** For how long something that was due has not been looked at: the sweep comes every minute. */
  readonly overdueMs: number;
  /** False when there is more under way than one look shows: the counts are too low. */
  readonly isWhole: boolean;
}

export interface PoolStatus {
  readonly pool: string;
  readonly runners: Readonly<Record<'launched' | 'claimed' | 'online' | 'busy' | 'ending', number>>;
  /** Runners and launches that count against the ceiling. */
  readonly live: number;
  readonly neverOnline: number;
  readonly heldUntil: number | null;
  readonly heldReason: Reason | null;
}

export function statusOf({ open, pools, budgets, stop, now }: Standing): Status {
  const queued = open.jobs.filter(({ fact }) => fact === 'queued');
  const [oldest] = queued.toSorted((a, b) => a.at.queued - b.at.queued);
  const due = [...open.jobs, ...open.runners].flatMap(({ intent }) => intent.due ?? []);
  return {
    jobs: {
      held: count(queued, 'held'),
      waiting: count(queued, 'waiting'),
      launching: count(queued, 'launching'),
      running: open.jobs.length - queued.length,
    },
    waitingFor: byReason(queued),
    oldestQueued: oldest
      ? {
          jobId: oldest.jobId,
          repository: oldest.repository.fullName,
          waitedMs: Math.max(0, now - oldest.at.queued),
        }
      : null,
    pools: pools
      .toSorted((a, b) => (a.pool < b.pool ? -1 : 1))
      .map((pool) => poolStatus(pool, open.runners, now)),
    launchesOpen: open.launches.length,
    budgets: budgets.map(({ name, tokens, closedUntil }) => ({
      name,
      tokens: Math.floor(tokens),
      closedUntil,
    })),
    stopped: {
      all: stop?.stopped === true,
      pools: Object.keys(stop?.pools ?? {}),
      repositories: Object.keys(stop?.repositories ?? {}),
    },
    overdueMs: Math.max(0, ...due.map((at) => now - at)),
    isWhole: open.isWhole,
  };
}

const count = (jobs: readonly JobItem[], state: string): number =>
  jobs.filter((job) => stateOf(job) === state).length;

const byReason = (jobs: readonly JobItem[]): Status['waitingFor'] =>
  [...Map.groupBy(jobs, ({ intent }) => intent.reason)]
    .map(([reason, { length }]) => ({ reason, jobs: length }))
    .toSorted((a, b) => b.jobs - a.jobs);

function poolStatus(pool: PoolItem, runners: readonly RunnerItem[], now: number): PoolStatus {
  const own = runners.filter((runner) => runner.pool === pool.pool);
  const at = (state: string): number => own.filter((runner) => runnerState(runner) === state).length;
  const isHeld = pool.heldUntil !== null && pool.heldUntil > now;
  return {
    pool: pool.pool,
    runners: {
      launched: at('launched'),
      claimed: at('claimed'),
      online: at('online'),
      busy: at('busy'),
      ending: at('ending'),
    },
    live: pool.live,
    neverOnline: pool.neverOnline,
    heldUntil: isHeld ? pool.heldUntil : null,
    heldReason: isHeld ? pool.heldReason : null,
  };
}

/** One word for where a living runner stands. */
export const runnerState = ({ rank, intent, at }: RunnerItem): string =>
  intent.end !== null || at.finished !== null ? 'ending' : rank;
