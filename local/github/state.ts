import type { KeyObject } from 'node:crypto';
import type { DeliveryLog } from './deliveries.ts';
import type { Draw } from './draw.ts';
import type { Faults } from './faults.ts';
import { createHeap, type Heap } from './heap.ts';
import type { Limits } from './limits.ts';
import type { DemandClass, SupplyClass } from './queue.ts';
import type { Window } from './rate.ts';
import type { RepositoryShape } from './repository-shape.ts';
import type { UserShape } from './shapes.ts';
import type * as T from './types.ts';

/** What waits for its time inside the model. */
export type Timer = (now: number) => void;

/** The one GitHub App of this model and how it is told about events. */
export interface App {
  readonly id: number;
  readonly clientId: string;
  readonly slug: string;
  /** Null where no caller signs JWTs: the simulation names its caller instead. */
  readonly publicKey: KeyObject | null;
  readonly webhookSecret: string | null;
  readonly hookId: number;
}

/** Which primary bucket generate-jitconfig draws from: sources disagree, so both readings can be run. */
export type JitResource = 'core' | 'actions_runner_registration' | 'both';

/** Everything the model knows. Plain maps and sets; only the functions of this folder change them. */
export interface State {
  readonly app: App;
  readonly draw: Draw;
  readonly limits: Limits;
  readonly jitResource: JitResource;
  readonly apiUrl: string;
  faults: Faults;
  /** The latest time any call has named; it never goes back. */
  now: number;
  readonly timers: Heap<Timer>;
  readonly accounts: Map<string, T.Account>;
  readonly repositories: Map<string, T.Repository>;
  readonly installations: Map<number, T.Installation>;
  /** By organization id, then group id. */
  readonly groups: Map<number, Map<number, T.RunnerGroup>>;
  readonly runs: Map<number, T.Run>;
  readonly jobs: Map<number, T.Job>;
  readonly workflowIds: Map<string, number>;
  /** Live registrations, by id, by scope and name, and by scope. */
  readonly runners: Map<number, T.Runner>;
  readonly runnerByName: Map<string, T.Runner>;
  readonly runnersOfScope: Map<string, Map<number, T.Runner>>;
  readonly runnerByClient: Map<string, T.Runner>;
  /** Every registration ever made, oldest first. */
  readonly registered: T.Runner[];
  readonly sessions: Map<string, T.Session>;
  readonly demand: Map<string, DemandClass>;
  readonly demandByLabel: Map<string, Set<DemandClass>>;
  readonly supply: Map<string, SupplyClass>;
  readonly supplyByLabel: Map<string, Set<SupplyClass>>;
  /** Sessions that were handed a job or a cancellation since somebody last asked. */
  readonly woken: Set<string>;
  readonly tokens: Map<string, T.Token>;
  readonly jwtsSeen: Set<string>;
  readonly windows: Map<string, Window>;
  readonly calls: Map<string, number>;
  readonly deliveries: DeliveryLog;
  readonly serials: Map<string, number>;
  /** Shapes that only change with a rename or a new visibility: built once, shared by answers and payloads. */
  readonly userShapes: Map<number, UserShape>;
  readonly repositoryShapes: Map<number, RepositoryShape>;
}

export type StateParts = Pick<State, 'app' | 'draw' | 'limits' | 'faults' | 'jitResource' | 'apiUrl'>;

/** A GitHub with nothing in it. */
export function createState(parts: StateParts): State {
  return {
    ...parts,
    now: 0,
    timers: createHeap(),
    accounts: new Map(),
    repositories: new Map(),
    installations: new Map(),
    groups: new Map(),
    runs: new Map(),
    jobs: new Map(),
    workflowIds: new Map(),
    runners: new Map(),
    runnerByName: new Map(),
    runnersOfScope: new Map(),
    runnerByClient: new Map(),
    registered: [],
    sessions: new Map(),
    demand: new Map(),
    demandByLabel: new Map(),
    supply: new Map(),
    supplyByLabel: new Map(),
    woken: new Set(),
    tokens: new Map(),
    jwtsSeen: new Set(),
    windows: new Map(),
    calls: new Map(),
    deliveries: { outbox: createHeap(), sent: new Map() },
    serials: new Map(),
    userShapes: new Map(),
    repositoryShapes: new Map(),
  };
}

/** Ids are drawn from ranges like GitHub's, all far below 2^53, so that a mix-up of two kinds never goes unseen. */
const FIRST_ID = {
  account: 33_435_001,
  repository: 591_427_001,
  installation: 23_154_001,
  // 1 is every organization's default group.
  group: 2,
  run: 9_747_967_001,
  job: 28_877_621_001,
  runner: 1_001,
  workflow: 55_000_001,
} as const;

/** The next id of a kind: counted, hence the same in every replay. */
export function nextId(state: State, kind: keyof typeof FIRST_ID): number {
  const id = state.serials.get(kind) ?? FIRST_ID[kind];
  state.serials.set(kind, id + 1);
  return id;
}

/** Runs `work` when the model's time reaches `at`. */
export const later = (state: State, at: number, work: Timer): void => state.timers.push(at, work);

/** Lets everything happen that is due by `now`. Time that goes backwards changes nothing. */
export function advance(state: State, now: number): void {
  for (;;) {
    const due = state.timers.popDue(now);
    if (due === undefined) break;
    state.now = Math.max(state.now, due.at);
    due.item(state.now);
  }
  state.now = Math.max(state.now, now);
}

/** Whether a fault of these odds strikes under this key. */
export const strikes = (state: State, odds: number, key: string): boolean =>
  odds > 0 && state.draw(key) < odds;
