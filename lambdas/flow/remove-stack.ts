import { SCHEMA_VERSION } from '../contracts/text.ts';
import type { Scope } from '../ports/github.ts';
import type { SeenInstance } from '../ports/instances.ts';
import { amend } from './amend.ts';
import { readItems } from './read-items.ts';
import type { World } from './world.ts';

export type Removal = Pick<World, 'ledger' | 'instances' | 'github' | 'clock' | 'journal'> & {
  readonly stackId: string;
};

/** The function may run ten minutes; removal gives up before, and says what is left. */
const REMOVAL_MAX_MS = 8 * 60_000;
/** EC2 shows new instances within seconds: a launch made just before the stop appears in one of these rounds. */
const ROUND_MS = 10_000;
/** Rounds in a row without a living instance: one alone could be a list that lags behind the last launch. */
const QUIET_ROUNDS = 3;

export interface Removed {
  readonly instancesLeft: number;
  readonly registrationsLeft: number;
}

/**
 * Stops launches, ends every instance that carries our tag and deletes its registration; bounded in time, so that the
 * removal of a stack never hangs. What could not be done is said, never hidden.
 */
export async function removeStack(removal: Removal): Promise<Removed> {
  const { ledger, clock } = removal;
  const now = clock.now();
  const stopped = await amend(ledger, { kind: 'stop', id: 'all' }, (item) => ({
    v: SCHEMA_VERSION,
    rev: item?.rev ?? 0,
    kind: 'stop',
    name: 'all',
    stopped: true,
    reason: 'stack-removed',
    at: now,
  }));
  if (!stopped.ok) removal.journal.warn('removal-stop-not-written', { code: stopped.fault.code });
  const { left, known } = await endInstances(removal, now + REMOVAL_MAX_MS);
  const registrationsLeft = await deregisterAll(known, removal);
  return { instancesLeft: left, registrationsLeft };
}

async function endInstances(
  removal: Removal,
  deadline: number,
): Promise<{ left: number; known: Set<string> }> {
  const { instances, clock, stackId, journal } = removal;
  const known = new Set<string>();
  let left = -1;
  for (let quiet = 0; quiet < QUIET_ROUNDS && clock.now() < deadline; ) {
    const listed = await instances.list(stackId);
    if (listed.ok) {
      for (const { instanceId } of listed.value) known.add(instanceId);
      const living = listed.value.filter(isLiving).map(({ instanceId }) => instanceId);
      left = living.length;
      quiet = left === 0 ? quiet + 1 : 0;
      if (left > 0) await instances.terminate(living);
    } else {
      journal.warn('removal-list-failed', { code: listed.fault.code });
    }
    await clock.sleep(ROUND_MS);
  }
  return { left, known };
}

const isLiving = ({ state }: SeenInstance): boolean => state !== 'terminated' && state !== 'shutting-down';

/** By the names of our own records: another stack's runners, or anybody else's, are never touched. */
async function deregisterAll(instanceIds: ReadonlySet<string>, removal: Removal): Promise<number> {
  const { items: runners } = await readItems('runner', [...instanceIds], removal);
  const scopes = new Map<string, Scope>(
    runners.map(({ target }) => [JSON.stringify(scopeKey(target)), target]),
  );
  let left = 0;
  for (const scope of scopes.values()) {
    const listed = await removal.github.listRunners(scope);
    if (!listed.ok) {
      removal.journal.warn('removal-registrations-unknown', { owner: scope.owner, code: listed.fault.code });
      left += 1;
      continue;
    }
    for (const runner of listed.value.filter(({ name }) => name.startsWith(`mayfly-${removal.stackId}-`))) {
      const gone = await removal.github.deregister(scope, runner.runnerId);
      if (!gone.ok || gone.value === 'busy') left += 1;
    }
  }
  return left;
}

const scopeKey = ({ installationId, owner, repository }: Scope) => [installationId, owner, repository];
