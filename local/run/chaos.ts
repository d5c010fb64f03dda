/**
 * What goes wrong in `npm start -- --chaos`, over the real bundles and emulators. The same seed draws the same faults for the
 * same events and calls; how the processes of this machine interleave is never the same twice.
 */
import { enteredAt } from '../ec2/instance.ts';
import type { Knobs } from '../ec2/options.ts';
import { seededDraw } from '../github/draw.ts';
import type { GitHubModel } from '../github/model.ts';
import type { JsonObject } from '../json.ts';
import type { RunningStack } from '../stack/run.ts';
import { FUNCTIONS, killFunctions } from './chaos-deaths.ts';
import { chaoticGitHub } from './chaos-github.ts';
import { textAt } from './folder.ts';
import type { LocalWorld } from './world.ts';

export const KINDS = [
  /** GitHub never sends the event. */
  'webhook-lost',
  /** GitHub sends the event twice. */
  'webhook-doubled',
  /** A later event of the same job came first. */
  'webhook-reordered',
  /** A function's container dies at one of its calls to AWS, before its effect or after it. */
  'function-killed',
  /** An instance runs and is billed, and never boots. */
  'never-boots',
  /** Somebody else's runner with the same labels takes a job that a machine was launched for. */
  'job-stolen',
  /** GitHub gives a job to another machine of ours than the one that was launched for it. */
  'job-swapped',
] as const;
export type Kind = (typeof KINDS)[number];

export interface ChaosReport {
  readonly seed: string;
  /** How often each kind struck, by site: the event, the function, the pool, the repository. */
  readonly struck: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Kinds that never came, and functions that never died. */
  readonly neverStruck: readonly string[];
}

/** Counts one strike. */
export type Strike = (kind: Kind, site: string) => void;

export interface Chaos {
  readonly knobs: Partial<Knobs>;
  readonly overGitHub: (model: GitHubModel) => GitHubModel;
  /** From now on functions die. */
  arm(stack: RunningStack): void;
  /** What struck so far, by what was done and by the truth of both models; asked once, at the end. */
  report(world: LocalWorld, ledgerRows: readonly JsonObject[]): ChaosReport;
}

/** One machine in twelve: a hundred jobs meet some eight of them; three in a row, which hold a pool, stay rare. */
const NEVER_BOOTS_SHARE = 0.08;

export function createChaos(seed: string): Chaos {
  const draw = seededDraw(`chaos ${seed}`);
  const struck = new Map<string, Map<string, number>>(KINDS.map((kind) => [kind, new Map()]));
  const strike: Strike = (kind, site) => {
    const sites = struck.get(kind);
    sites?.set(site, (sites.get(site) ?? 0) + 1);
  };
  return {
    knobs: { neverBootsShare: NEVER_BOOTS_SHARE },
    overGitHub: chaoticGitHub(draw, strike),
    arm: (stack) => killFunctions(stack, draw, strike),
    report: (world, ledgerRows) => {
      for (const pool of neverBooted(world)) strike('never-boots', pool);
      for (const repository of stolen(world)) strike('job-stolen', repository);
      for (const pool of swapped(ledgerRows)) strike('job-swapped', pool);
      const bySite = [...struck].map(([kind, sites]) => [kind, Object.fromEntries(sites)] as const);
      return { seed, struck: Object.fromEntries(bySite), neverStruck: neverStruck(struck) };
    },
  };
}

function neverStruck(struck: ReadonlyMap<string, ReadonlyMap<string, number>>): readonly string[] {
  const dead = struck.get('function-killed');
  const immortal = FUNCTIONS.filter((name) => dead?.has(name) !== true);
  return [
    ...KINDS.filter((kind) => kind !== 'function-killed' && struck.get(kind)?.size === 0),
    ...immortal.map((name) => `function-killed ${name}`),
  ];
}

/** Pools of the instances that entered `running` without a machine being booted for them. */
const neverBooted = ({ region, machines, clock }: LocalWorld): readonly string[] =>
  region.model
    .instances(clock.now())
    .filter((one) => enteredAt(one, 'running') !== undefined && !machines.booted.has(one.instanceId))
    .map(({ tags }) => tags.get('mayfly:pool') ?? 'unknown');

const stolen = ({ forge, clock }: LocalWorld): readonly string[] =>
  forge.model.truth
    .jobs(clock.now())
    .filter(({ runnerName }) => runnerName !== null && !runnerName.startsWith('mayfly-'))
    .map(({ repository }) => repository);

/** Pools of the runners that ran another job than the one whose launch brought them. */
const swapped = (ledgerRows: readonly JsonObject[]): readonly string[] =>
  ledgerRows.flatMap((row) => {
    const job = textAt(row, 'item', 'job');
    const cause = textAt(row, 'item', 'intent', 'cause');
    const isOther = job !== undefined && cause !== undefined && job !== cause;
    return isOther ? [textAt(row, 'item', 'pool') ?? 'unknown'] : [];
  });
