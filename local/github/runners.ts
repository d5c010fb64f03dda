import { becomeUnready } from './assign.ts';
import { drawBytes, drawGuid } from './draw.ts';
import { labelKeysOf, withdrawRunner } from './queue.ts';
import { later, nextId, type State } from './state.ts';
import type * as T from './types.ts';

export interface Registration {
  readonly scope: T.Scope;
  readonly group: T.RunnerGroup;
  readonly name: string;
  readonly labels: readonly string[];
}

/** A key as long as the private exponent of a 2,048-bit RSA key. */
const SECRET_BYTES = 256;

export const organizationScope = (organization: T.Account): T.Scope => ({
  kind: 'organization',
  key: `organization ${organization.id}`,
  organization,
});

export const repositoryScope = (repository: T.Repository): T.Scope => ({
  kind: 'repository',
  key: `repository ${repository.id}`,
  repository,
});

const nameKeyOf = (scope: T.Scope, name: string) => `${scope.key} ${name}`;

/** Live registrations of a scope, by id. */
export const runnersOf = (state: State, scope: T.Scope): ReadonlyMap<number, T.Runner> =>
  state.runnersOfScope.get(scope.key) ?? new Map();

export const runnerNamed = (state: State, scope: T.Scope, name: string): T.Runner | undefined =>
  state.runnerByName.get(nameKeyOf(scope, name));

/** Registers a just-in-time runner: offline, without a version, with exactly the labels named. */
export function registerRunner(state: State, wish: Registration, now: number): T.Runner {
  const id = nextId(state, 'runner');
  const runner: T.Runner = {
    ...wish,
    id,
    labelKeys: labelKeysOf(wish.labels),
    clientId: drawGuid(state.draw, `client ${id}`),
    secret: drawBytes(state.draw, `key ${id}`, SECRET_BYTES).toString('base64'),
    issuedAt: now,
    state: 'offline',
    view: { online: false, busy: false },
    earlier: null,
    changedAt: now,
    reads: 0,
    os: 'unknown',
    version: null,
    session: null,
    sessions: 0,
    job: null,
    firstConnectedAt: null,
    offlineSince: now,
    conflicts: 0,
    ranJobId: null,
    removedAt: null,
    removedBy: null,
  };
  state.registered.push(runner);
  state.runners.set(id, runner);
  state.runnerByClient.set(runner.clientId, runner);
  state.runnerByName.set(nameKeyOf(wish.scope, wish.name), runner);
  const listed = state.runnersOfScope.get(wish.scope.key) ?? new Map<number, T.Runner>();
  state.runnersOfScope.set(wish.scope.key, listed.set(id, runner));
  watchUnused(state, runner);
  return runner;
}

/** GitHub removes an ephemeral runner that stayed offline and unused for a day. */
export function watchUnused(state: State, runner: T.Runner): void {
  const since = runner.offlineSince;
  later(state, since + state.limits.unusedMaxMs, (now) => {
    const isUnused = runner.session === null && runner.job === null && runner.offlineSince === since;
    if (isUnused) removeRunner(state, runner, { by: 'unused', now });
  });
}

/** Ends a registration. A job it was handed goes to another; its session learns it at the next poll. */
export function removeRunner(
  state: State,
  runner: T.Runner,
  end: { readonly by: NonNullable<T.Runner['removedBy']>; readonly now: number },
): void {
  if (runner.removedAt !== null) return;
  runner.removedAt = end.now;
  runner.removedBy = end.by;
  state.runners.delete(runner.id);
  state.runnerByClient.delete(runner.clientId);
  state.runnerByName.delete(nameKeyOf(runner.scope, runner.name));
  state.runnersOfScope.get(runner.scope.key)?.delete(runner.id);
  withdrawRunner(state, runner);
  if (runner.session !== null) state.woken.add(runner.session.id);
  becomeUnready(state, { runner, to: 'offline' }, end.now);
}
