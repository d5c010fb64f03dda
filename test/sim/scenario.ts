import type { Pool } from '../../lambdas/contracts/settings.ts';
import { between, type Draw, drawOf, pick } from './draws.ts';
import { FAULT_KINDS } from './fault-kinds.ts';

/** What one run is like: drawn from its seed alone, and printed with every failure. */
export interface Scenario {
  readonly seed: number;
  readonly startAt: number;
  /** Faults strike and people work for this long … */
  readonly safetyMs: number;
  /** … then faults stop, and everything must converge within this. */
  readonly calmMs: number;
  readonly odds: Readonly<Record<string, number>>;
  readonly hotShare: number;
  /** Cells of the fault matrix, as `kind@site`, that this run strikes often: together the seeds aim at all of them. */
  readonly aims: readonly string[];
  readonly scope: 'organization' | 'repository';
  readonly pools: readonly Pool[];
  readonly workload: Workload;
  /** Of the runs that people plan only those of these numbers come; null: all. */
  readonly onlyRuns: ReadonlySet<number> | null;
  /** Jobs name a pool by different labels: machines of one set then also take jobs that name fewer. */
  readonly hasMixedLabels: boolean;
  /** Ceilings of a few runners, and short jobs, so that the backlog drains in time. */
  readonly isCramped: boolean;
  /** When a new version is deployed, with a new image and a lower ceiling; for some minutes both are live. */
  readonly deployAt: number | null;
  /** The App is suspended by its owner for a while. */
  readonly suspended: { readonly from: number; readonly until: number } | null;
  /** For so long GitHub refuses a token that it just gave. */
  readonly tokenUnusableMs: number;
  /** vCPUs of the account where it is a small one: two machines at least, or its backlog could not drain in the calm. */
  readonly vcpusMax: number | null;
  /** GitHub's points per minute where somebody else uses up most of them. */
  readonly pointsMax: number | null;
}

export interface Workload {
  readonly shape: 'steady' | 'burst' | 'matrix' | 'cron' | 'sparse';
  readonly jobs: number;
  /** Shares of jobs that people cancel, run again, hold, guard by an approval, or that ask in vain. */
  readonly cancelled: number;
  readonly rerun: number;
  readonly held: number;
  readonly approved: number;
  readonly inVain: number;
  readonly longRunning: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 2026-11-02 12:00 UTC. */
const START_AT = Date.UTC(2026, 10, 2, 12);
const SHAPES = ['steady', 'burst', 'matrix', 'cron', 'sparse'] as const;

export interface Wishes {
  /** Fewer jobs, for exhaustive runs and minimising. */
  readonly jobs?: number | undefined;
  /** Of the runs that people plan only those of these numbers come. */
  readonly onlyRuns?: ReadonlySet<number> | undefined;
  readonly safetyMs?: number | undefined;
  readonly calmMs?: number | undefined;
  /** No faults, and people who only queue. */
  readonly isQuiet?: boolean | undefined;
}

export function drawScenario(seed: number, wishes: Wishes = {}): Scenario {
  const draw = drawOf(seed);
  const isOn = (name: string, share: number): boolean => draw(`on ${name}`) < share;
  const safetyMs = wishes.safetyMs ?? 2 * HOUR + 15 * MINUTE;
  const duringSafety = (name: string): number => START_AT + Math.floor(draw(name) * 0.8 * safetyMs);
  const suspendedFrom = duringSafety('suspended from');
  const isCramped = isOn('cramped', 0.3);
  const isQuiet = wishes.isQuiet === true;
  return {
    seed,
    startAt: START_AT,
    safetyMs,
    calmMs: wishes.calmMs ?? 75 * MINUTE,
    ...(isQuiet ? { odds: {}, aims: [] } : drawFaults(draw, seed)),
    hotShare: isOn('hot sites', 0.5) ? 0.12 : 0,
    scope: isOn('repository scope', 0.3) ? 'repository' : 'organization',
    pools: POOL_KINDS.map((kind) => poolOf(draw, kind, isCramped)),
    workload: drawWorkload(draw, { ...wishes, isCramped }),
    onlyRuns: wishes.onlyRuns ?? null,
    isCramped,
    hasMixedLabels: isOn('mixed labels', 0.5),
    deployAt: !isQuiet && isOn('deploy', 0.3) ? duringSafety('deploy at') : null,
    suspended:
      !isQuiet && isOn('suspended', 0.08)
        ? { from: suspendedFrom, until: suspendedFrom + between(draw('suspended for'), 1, 20) * MINUTE }
        : null,
    tokenUnusableMs: !isQuiet && isOn('fresh tokens', 0.15) ? 1_500 : 0,
    vcpusMax: !isQuiet && isCramped && isOn('small account', 0.4) ? between(draw('vcpus'), 4, 12) : null,
    pointsMax: !isQuiet && isOn('points', 0.12) ? between(draw('points'), 25, 120) : null,
  };
}

const CELLS: readonly string[] = Object.entries(FAULT_KINDS).flatMap(([kind, { sites }]) =>
  sites.map((site) => `${kind}@${site}`),
);
const AIMS = 5;

/** One run in eight knows no fault, one in eight a single kind; in the others each kind is left out more often than not. */
function drawFaults(draw: Draw, seed: number): Pick<Scenario, 'odds' | 'aims'> {
  const mode = draw('swarm');
  if (mode < 0.125) return { odds: {}, aims: [] };
  const kinds = Object.keys(FAULT_KINDS);
  const only = mode < 0.25 ? pick(draw('the one kind'), kinds) : undefined;
  const odds: Record<string, number> = {};
  for (const [kind, { odds: typical }] of Object.entries(FAULT_KINDS)) {
    const isOn = only === undefined ? draw(`on ${kind}`) < 0.4 : kind === only;
    const strength = 0.3 + 2 * draw(`strength ${kind}`);
    if (isOn) odds[kind] = Math.min(0.9, typical * strength * (only === undefined ? 1 : 2));
  }
  if (only !== undefined) return { odds, aims: [] };
  const aims = Array.from({ length: AIMS }, (_, n) => CELLS[(seed * AIMS + n) % CELLS.length] ?? '');
  for (const aim of aims) {
    const kind = kindOf(aim);
    odds[kind] ??= FAULT_KINDS[kind]?.odds ?? 0;
  }
  return { odds, aims };
}

const kindOf = (cell: string): string => cell.slice(0, cell.indexOf('@'));

type Kind = Pick<Pool, 'name' | 'keyLabel' | 'arch' | 'types'>;

const poolOf = (draw: Draw, kind: Kind, isCramped: boolean): Pool => ({
  ...kind,
  labels: ['self-hosted', 'linux', kind.keyLabel],
  market: pick(draw(`market ${kind.name}`), ['spot', 'on-demand', 'spot-then-on-demand'] as const),
  hardening: pick(draw(`hardening ${kind.name}`), ['compatible', 'standard', 'strict'] as const),
  runnerGroupId: 1,
  admission: { publicRepositories: false, forks: false },
  limits: {
    runnersMax: isCramped ? between(draw(`max ${kind.name}`), 2, 6) : 60,
    lifetimeMaxMs: between(draw(`lifetime ${kind.name}`), 15, 40) * MINUTE,
    idleMaxMs: between(draw(`idle ${kind.name}`), 2, 5) * MINUTE,
    claimDeadlineMs: 5 * MINUTE,
  },
});

const POOL_KINDS: readonly Kind[] = [
  { name: 'linux-x64', keyLabel: 'x64', arch: 'x64', types: ['m7i.large', 'c7i.large'] },
  { name: 'linux-arm', keyLabel: 'arm64', arch: 'arm64', types: ['m7g.large', 'c7g.large'] },
];

function drawWorkload(draw: Draw, wishes: Wishes & { readonly isCramped: boolean }): Workload {
  const shape = pick(draw('shape'), SHAPES);
  const share = (name: string, max: number): number =>
    wishes.isQuiet !== true && draw(`on ${name}`) < 0.5 ? max * draw(`share ${name}`) : 0;
  const [min, max] = shape === 'sparse' ? [4, 12] : wishes.isCramped ? [10, 24] : [20, 60];
  return {
    shape,
    jobs: wishes.jobs ?? between(draw('jobs'), min, max),
    cancelled: share('cancelled', 0.4),
    rerun: share('rerun', 0.6),
    held: share('held', 0.3),
    approved: share('approved', 0.3),
    inVain: share('in vain', 0.2),
    longRunning: wishes.isCramped ? 0 : share('long', 0.1),
  };
}
