import type { Registration, RunnerItem } from '../../contracts/ledger.ts';
import { ASKED_SETTLED_MS, registrationGone } from '../../core/runner.ts';
import { REGISTRATION_LINGER_MS } from '../../core/spacing.ts';
import { SCOPES_MAX } from '../../core/sweep-bounds.ts';
import type { SeenRunner } from '../../ports/github.ts';
import { amend } from '../amend.ts';
import type { World } from '../world.ts';
import type { Due } from './due.ts';

/**
 * Registrations that must not stay: doomed names, and names of runners that ended long ago and are still listed (GitHub
 * removes a registration with its job by itself, and every deletion costs 5 points).
 * One list per scope and pass; a list that cannot be had leaves its scope for the next pass.
 */
export async function sweepRegistrations(due: Due, world: World): Promise<void> {
  const lingering = due.runners.filter((runner) => leftovers(runner, world.clock.now()).length > 0);
  const scopes = Map.groupBy(lingering, ({ target }) =>
    JSON.stringify([target.installationId, target.owner, target.repository]),
  );
  for (const runners of [...scopes.values()].slice(0, SCOPES_MAX)) {
    const scope = runners[0]?.target;
    if (scope === undefined) continue;
    const listed = await world.github.listRunners(scope);
    if (!listed.ok) continue;
    const byName = new Map(listed.value.map((runner) => [runner.name, runner]));
    for (const runner of runners) await clear(runner, byName, world);
  }
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
