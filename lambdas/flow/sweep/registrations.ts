import type { Registration, RunnerItem, Target } from '../../contracts/ledger.ts';
import { isLost, judgeRegistrations } from '../../core/census.ts';
import { instanceOfRunnerName } from '../../core/job.ts';
import { ASKED_SETTLED_MS, endWanted, registrationGone } from '../../core/runner.ts';
import { REGISTRATION_LINGER_MS } from '../../core/spacing.ts';
import { SCOPES_MAX } from '../../core/sweep-bounds.ts';
import type { Scope, SeenRunner } from '../../ports/github.ts';
import { amend } from '../amend.ts';
import { readItems } from '../read-items.ts';
import type { World } from '../world.ts';
import type { Due } from './due.ts';
import type { Pass } from './pass.ts';

const PAGE_ITEMS = 100;

/**
 * Registrations that must not stay: doomed names, and names of runners that ended long ago and are still listed (GitHub
 * removes a registration with its job by itself, and every deletion costs 5 points). Each list is looked at whole besides:
 * names of ours without a record, and runners that died in their job. One list per scope and pass; a list that cannot be
 * had leaves its scope for the next pass. Organizations without anything to clear are listed in turn.
 */
export async function sweepRegistrations(due: Due, pass: Pass, world: World): Promise<void> {
  const lingering = due.runners.filter((runner) => leftovers(runner, world.clock.now()).length > 0);
  const scopes = Map.groupBy(lingering, ({ target }) =>
    JSON.stringify([target.installationId, target.owner, target.repository]),
  );
  let lists = 0;
  for (const runners of [...scopes.values()].slice(0, SCOPES_MAX)) {
    const scope = runners[0]?.target;
    const listed = scope && (await list(scope, pass, world));
    if (scope === undefined || listed === undefined) continue;
    lists += 1;
    const byName = new Map(listed.map((runner) => [runner.name, runner]));
    for (const runner of runners) await clear(runner, byName, world);
    await judge(listed, scope, world);
  }
  if (lists === 0) await nextScope(pass, world);
}

async function list(scope: Scope, pass: Pass, world: World): Promise<readonly SeenRunner[] | undefined> {
  if (!pass.take(['runners'])) return undefined;
  const listed = await world.github.listRunners(scope);
  if (!listed.ok) return undefined;
  pass.spend('runners', Math.floor(listed.value.length / PAGE_ITEMS));
  return listed.value;
}

/** Registrations of one organization, each in its turn. Those of single repositories are listed when a runner of theirs is due. */
async function nextScope(pass: Pass, world: World): Promise<void> {
  if (world.deployment.settings.github.scope !== 'organization') return;
  const survey = await world.ledger.read('survey', 'installations');
  const installations = survey.ok ? (survey.value?.installations ?? []) : [];
  const turn = pass.round('scopes') % Math.max(1, installations.length);
  const next = installations[turn];
  if (next === undefined || !pass.mayGoOn('scopes', turn)) return;
  const scope = { installationId: next.installationId, owner: next.login, repository: null };
  const listed = await list(scope, pass, world);
  if (listed === undefined) return;
  pass.turn('scopes', turn + 1);
  await judge(listed, scope, world);
}

async function judge(listed: readonly SeenRunner[], scope: Scope | Target, world: World): Promise<void> {
  const { stackId } = world.deployment;
  const suspects = listed.filter(({ online }) => !online);
  const ids = suspects.flatMap(({ name }) => instanceOfRunnerName(name, stackId) ?? []);
  if (ids.length === 0) return;
  const { items, unread } = await readItems('runner', [...new Set(ids)], world);
  const known = new Map(items.map((runner) => [runner.instanceId, runner]));
  const now = world.clock.now();
  for (const finding of judgeRegistrations(suspects, known, { now, stackId, unread: new Set(unread) })) {
    if (finding.do === 'end-lost') await endLost(finding.instanceId, world);
    else await deleteGhost(finding, scope, world);
  }
}

/** Without a record nothing of ours can use it; should a job run on it all the same, GitHub refuses (422). */
async function deleteGhost(
  { name, runnerId }: { readonly name: string; readonly runnerId: string },
  scope: Scope,
  world: World,
): Promise<void> {
  const gone = await world.github.deregister(scope, runnerId);
  world.journal.warn('ghost-registration', { name, answer: gone.ok ? gone.value : gone.fault.code });
}

/** The decision is written on the item as it stands then; the sweep ends the machine by it. */
async function endLost(instanceId: string, world: World): Promise<void> {
  const act = { now: world.clock.now(), by: 'sweep' as const, reason: 'runner-silent' as const };
  await amend(world.ledger, { kind: 'runner', id: instanceId }, (item) =>
    item !== undefined && isLost({ online: false, busy: true }, item, act.now)
      ? endWanted(item, act)
      : undefined,
  );
}

/** A name asked for less than a minute ago may still appear at GitHub: its absence now would prove nothing. */
function leftovers(runner: RunnerItem, now: number): readonly Registration[] {
  const endedAt = runner.at.ended;
  return runner.registrations.filter(({ state, at }) => {
    if (state === 'doomed') return now - at >= ASKED_SETTLED_MS;
    return state !== 'gone' && endedAt !== null && now - endedAt >= REGISTRATION_LINGER_MS;
  });
}

async function clear(
  runner: RunnerItem,
  byName: ReadonlyMap<string, SeenRunner>,
  world: World,
): Promise<void> {
  for (const { name } of leftovers(runner, world.clock.now())) {
    const listed = byName.get(name);
    if (listed !== undefined) {
      const gone = await world.github.deregister(runner.target, listed.runnerId);
      if (!gone.ok || gone.value === 'busy') {
        world.journal.warn('registration-stays', { name, why: gone.ok ? 'busy' : gone.fault.code });
        continue;
      }
    }
    await amend(world.ledger, { kind: 'runner', id: runner.instanceId }, (item) =>
      item === undefined ? undefined : registrationGone(item, name, world.clock.now()),
    );
  }
}
