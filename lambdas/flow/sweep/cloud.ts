import type { RunnerItem } from '../../contracts/ledger.ts';
import type { Reason } from '../../contracts/reasons.ts';
import { TAG } from '../../contracts/tags.ts';
import { ended, endWanted } from '../../core/runner.ts';
import { ENDS_MAX } from '../../core/sweep-bounds.ts';
import { type Command, planSweep, whyEnd } from '../../core/sweep-plan.ts';
import type { SeenInstance } from '../../ports/instances.ts';
import { amend } from '../amend.ts';
import { inParallel, LEDGER_WIDTH } from '../bounded.ts';
import { countEnded, releaseCause } from '../observe-instances.ts';
import { readItems } from '../read-items.ts';
import { writeRunners } from '../settle-launch.ts';
import type { World } from '../world.ts';
import type { Due } from './due.ts';

export interface CloudView {
  readonly takenAt: number;
  /** Undefined when the list was not complete: then nothing is decided from it. */
  readonly instances: readonly SeenInstance[] | undefined;
}

/** Compares a complete list of our instances with the ledger and carries out what follows. */
export async function compareCloud(view: CloudView, due: Due, world: World): Promise<void> {
  if (view.instances === undefined) return;
  const ids = [
    ...view.instances.map(({ instanceId }) => instanceId),
    ...due.runners.map(({ instanceId }) => instanceId),
  ];
  const known = await readItems('runner', ids, world);
  const runners = new Map(known.items.map((runner) => [runner.instanceId, runner]));
  // An item that could not be read is not absent: its instance is left alone in this pass.
  const unread = new Set(known.unread);
  const instances = view.instances.filter(({ instanceId }) => !unread.has(instanceId));
  const strangers = instances.filter(({ instanceId }) => !runners.has(instanceId));
  const tickets = strangers.map(({ tags }) => tags[TAG.ticket] ?? '').filter((ticket) => ticket !== '');
  const explaining = await readItems('launch', tickets, world);
  if (explaining.unread.length > 0) return;
  const launches = new Map(explaining.items.map((launch) => [launch.ticket, launch]));
  const commands = planSweep({ takenAt: view.takenAt, instances, runners, launches });
  for (const command of commands) {
    if (command.do === 'adopt') await adopt(command.instance, launches, world);
  }
  await inParallel(commands, LEDGER_WIDTH, async (command) => {
    const runner = command.do === 'mark-ended' ? runners.get(command.instanceId) : undefined;
    if (command.do === 'mark-ended' && runner !== undefined) await markEnded(runner, command.at, world);
  });
  await endAll(commands, world);
}

async function adopt(
  instance: SeenInstance,
  launches: ReadonlyMap<string, Parameters<typeof writeRunners>[0]>,
  world: World,
): Promise<void> {
  const launch = launches.get(instance.tags[TAG.ticket] ?? '');
  const unit = launch?.units.at(-1);
  if (launch !== undefined && unit !== undefined)
    await writeRunners(launch, [{ instance, unit, launchedAt: instance.launchedAt }], world, 'adopted');
}

async function markEnded(runner: RunnerItem, at: number, world: World): Promise<void> {
  if (!(await releaseCause(runner, world))) return;
  const act = { now: world.clock.now(), by: 'sweep' as const, at, reason: 'instance-ended' as const };
  let before = runner;
  const amended = await amend(
    world.ledger,
    { kind: 'runner', id: runner.instanceId, known: runner },
    (item) => {
      if (item === undefined) return undefined;
      before = item;
      return ended(item, act);
    },
  );
  if (amended.ok && amended.value?.isChanged === true) await countEnded(before, world);
}

type End = Extract<Command, { do: 'end' }>;

/**
 * The decision is written before the call, on the item as it stands then: a claim that came first spares the runner, and
 * a claim that comes after is told to go. An instance without item cannot claim.
 */
async function endAll(commands: readonly Command[], world: World): Promise<void> {
  const ends = commands.filter((command) => command.do === 'end').slice(0, ENDS_MAX);
  const decided = await inParallel(ends, LEDGER_WIDTH, (end) => decideEnd(end, world));
  const ids = decided.filter((id) => id !== undefined);
  if (ids.length === 0) return;
  const answers = await world.instances.terminate(ids);
  for (const [instanceId, answer] of answers) {
    if (typeof answer !== 'string') world.journal.warn('terminate-failed', { instanceId, code: answer.code });
  }
}

/** The id if the instance is to be ended; undefined if the item says otherwise by now, or cannot be written. */
async function decideEnd({ instanceId, reason, pool }: End, world: World): Promise<string | undefined> {
  const act = { now: world.clock.now(), by: 'sweep' as const };
  let why: Reason | undefined = reason;
  const amended = await amend(world.ledger, { kind: 'runner', id: instanceId }, (item) => {
    if (item === undefined) return undefined;
    why = whyEnd(item, act.now);
    return why === undefined ? item : endWanted(item, { ...act, reason: why });
  });
  if (!amended.ok || why === undefined) return undefined;
  const metric =
    why === 'orphaned' ? 'OrphanFound' : why === 'lifetime-over' ? 'LifetimeExceeded' : undefined;
  if (metric !== undefined) world.journal.count(metric, pool === null ? {} : { pool });
  world.journal.say('runner-end', { instanceId, reason: why });
  return instanceId;
}
