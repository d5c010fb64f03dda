import type { LaunchItem, RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { TAG } from '../contracts/tags.ts';
import type { SeenInstance } from '../ports/instances.ts';
import { claimDeadline } from './runner.ts';
import { FINISHED_GRACE_MS, YOUNG_INSTANCE_MS } from './spacing.ts';
import { LAUNCH_DEAD_MS } from './sweep-bounds.ts';

/** What the sweep does about one instance of the census. */
export type Command =
  | { readonly do: 'adopt'; readonly instance: SeenInstance }
  | { readonly do: 'end'; readonly instanceId: string; readonly reason: Reason; readonly pool: string | null }
  | { readonly do: 'mark-ended'; readonly instanceId: string; readonly at: number };

export interface Census {
  readonly takenAt: number;
  /** Complete: every instance that carries our tag. */
  readonly instances: readonly SeenInstance[];
  /** Runner items of these instances and of all runners that are due. */
  readonly runners: ReadonlyMap<string, RunnerItem>;
  /** Launch items by ticket of the instances that have no runner item. */
  readonly launches: ReadonlyMap<string, LaunchItem>;
}

const isOver = ({ state }: SeenInstance): boolean => state === 'shutting-down' || state === 'terminated';

/** The whole comparison of cloud and ledger, as data in and data out. */
export function planSweep(census: Census): readonly Command[] {
  const seen = new Set(census.instances.map(({ instanceId }) => instanceId));
  const ofInstances = census.instances.flatMap((instance) => {
    const runner = census.runners.get(instance.instanceId);
    return runner === undefined
      ? withoutRecord(instance, census)
      : withRecord(instance, runner, census.takenAt);
  });
  const ofMissing = [...census.runners.values()]
    .filter(({ instanceId, rank }) => rank !== 'ended' && !seen.has(instanceId))
    .flatMap((runner) => missing(runner, census.takenAt));
  return [...ofInstances, ...ofMissing];
}

/** Ours by tag, without record: a launch of ours explains it, or nothing does. */
function withoutRecord(instance: SeenInstance, census: Census): Command[] {
  if (isOver(instance) || census.takenAt - instance.launchedAt < YOUNG_INSTANCE_MS) return [];
  const launch = census.launches.get(instance.tags[TAG.ticket] ?? '');
  if (launch !== undefined && launch.state !== 'void') return [{ do: 'adopt', instance }];
  const pool = instance.tags[TAG.pool] ?? null;
  return [{ do: 'end', instanceId: instance.instanceId, reason: 'orphaned', pool }];
}

function withRecord(instance: SeenInstance, runner: RunnerItem, now: number): Command[] {
  const { instanceId, pool } = runner;
  if (isOver(instance)) return runner.rank === 'ended' ? [] : [{ do: 'mark-ended', instanceId, at: now }];
  const reason = whyEnd(runner, now);
  return reason === undefined ? [] : [{ do: 'end', instanceId, reason, pool }];
}

/**
 * The first deadline that passed, or undefined. Asked twice: of the census, and of the item itself right before the decision
 * is written, since a runner may have claimed in between and must not be ended under its job.
 */
export function whyEnd(runner: RunnerItem, now: number): Reason | undefined {
  const { at, rules, rank, intent } = runner;
  if (intent.end !== null) return intent.end;
  if (now - at.launched > rules.lifetimeMaxMs) return 'lifetime-over';
  if (at.finished !== null && now - at.finished > rules.graceMs + FINISHED_GRACE_MS) return 'grace-over';
  if (rank === 'launched' && now > claimDeadline(runner)) return 'claim-deadline-over';
  if (rank === 'ended') return 'instance-ended';
  return undefined;
}

/** Not in a complete list: unknown while young, gone when EC2 has long forgotten it. */
const missing = (runner: RunnerItem, now: number): Command[] =>
  now - runner.at.launched > LAUNCH_DEAD_MS
    ? [{ do: 'mark-ended', instanceId: runner.instanceId, at: now }]
    : [];
