import type { State } from './state.ts';
import type * as T from './types.ts';

/** Waiting jobs that any one runner could serve alike: one repository, one label set. */
export interface DemandClass {
  readonly key: string;
  readonly repository: T.Repository;
  readonly labelKeys: readonly string[];
  /** The label under which the class is indexed. */
  readonly under: string;
  readonly jobs: Set<T.Job>;
}

/** Idle runners that are alike: one scope, one group, one label set. */
export interface SupplyClass {
  readonly key: string;
  readonly scope: T.Scope;
  readonly group: T.RunnerGroup;
  readonly labelKeys: ReadonlySet<string>;
  readonly idle: Set<T.Runner>;
}

/** How many classes one look-up gathers: with more, GitHub's order is unknown anyway. */
const CLASSES_MAX = 8;
/** How many of one class are looked at, and how many of the oldest are drawn from. */
const SHUFFLE_MAX = 8;
/** Every class of runners is also found under this, for jobs that ask for no label. */
const NO_LABEL = '';

/** What is compared: lower case, sorted, each once. */
export const labelKeysOf = (labels: readonly string[]): readonly string[] =>
  [...new Set(labels.map((label) => label.toLowerCase()))].sort();

/** Whether a group lets this repository's jobs in. */
export function serves(scope: T.Scope, group: T.RunnerGroup, repository: T.Repository): boolean {
  if (scope.kind === 'repository') return scope.repository.id === repository.id;
  if (scope.organization.id !== repository.owner.id) return false;
  if (repository.visibility === 'public' && !group.allowsPublic) return false;
  if (group.visibility === 'private') return repository.visibility !== 'public';
  return group.visibility === 'all' || group.repositories.has(repository.fullName.toLowerCase());
}

/** Lets a job be found by runners that become idle. */
export function waitInQueue(state: State, job: T.Job): void {
  const key = `${job.run.repository.id} ${JSON.stringify(job.labelKeys)}`;
  let place = state.demand.get(key);
  if (place === undefined) {
    // Indexed under its rarest label, so that a label of its own leads straight to it.
    const under = rarest(state.demandByLabel, job.labelKeys);
    place = { key, repository: job.run.repository, labelKeys: job.labelKeys, under, jobs: new Set() };
    state.demand.set(key, place);
    listOf(state.demandByLabel, under).add(place);
  }
  place.jobs.add(job);
  job.place = place;
}

/** Takes a job out of the index; a class without jobs disappears. */
export function leaveQueue(state: State, job: T.Job): void {
  const place = job.place;
  if (place === null) return;
  job.place = null;
  place.jobs.delete(job);
  if (place.jobs.size > 0) return;
  state.demand.delete(place.key);
  dropFrom(state.demandByLabel, place.under, place);
}

const supplyKeyOf = (runner: T.Runner) =>
  `${runner.scope.key} ${runner.group.id} ${JSON.stringify(runner.labelKeys)}`;

/** Lets a runner be found by jobs that become assignable. */
export function offerRunner(state: State, runner: T.Runner): void {
  const key = supplyKeyOf(runner);
  let offer = state.supply.get(key);
  if (offer === undefined) {
    const { scope, group } = runner;
    offer = { key, scope, group, labelKeys: new Set(runner.labelKeys), idle: new Set() };
    state.supply.set(key, offer);
    for (const label of [NO_LABEL, ...runner.labelKeys]) listOf(state.supplyByLabel, label).add(offer);
  }
  offer.idle.add(runner);
}

/** Takes a runner out of the index; a class without idle runners disappears. */
export function withdrawRunner(state: State, runner: T.Runner): void {
  const offer = state.supply.get(supplyKeyOf(runner));
  if (offer === undefined || !offer.idle.delete(runner) || offer.idle.size > 0) return;
  state.supply.delete(offer.key);
  for (const label of [NO_LABEL, ...runner.labelKeys]) dropFrom(state.supplyByLabel, label, offer);
}

/** Waiting jobs that this runner may take: the oldest few of each fitting class, oldest first. */
export function jobsFor(state: State, runner: T.Runner): readonly T.Job[] {
  const has = new Set(runner.labelKeys);
  const found: T.Job[] = [];
  let classes = 0;
  for (const label of [NO_LABEL, ...runner.labelKeys]) {
    for (const place of state.demandByLabel.get(label) ?? []) {
      if (!place.labelKeys.every((key) => has.has(key))) continue;
      if (!serves(runner.scope, runner.group, place.repository)) continue;
      takeSome(place.jobs, found);
      classes += 1;
      if (classes === CLASSES_MAX) break;
    }
    if (classes === CLASSES_MAX) break;
  }
  if (classes > 1) found.sort((a, b) => a.queuedAt - b.queuedAt || a.id - b.id);
  return found.slice(0, SHUFFLE_MAX);
}

/** Idle runners that may take this job, a few of each fitting class. */
export function runnersFor(state: State, job: T.Job): readonly T.Runner[] {
  const under = rarest(state.supplyByLabel, job.labelKeys);
  const found: T.Runner[] = [];
  let classes = 0;
  for (const offer of state.supplyByLabel.get(under) ?? []) {
    if (!job.labelKeys.every((key) => offer.labelKeys.has(key))) continue;
    if (!serves(offer.scope, offer.group, job.run.repository)) continue;
    takeSome(offer.idle, found);
    classes += 1;
    if (classes === CLASSES_MAX) break;
  }
  return found;
}

function takeSome<T>(from: ReadonlySet<T>, into: T[]): void {
  let taken = 0;
  for (const one of from) {
    if (taken === SHUFFLE_MAX) return;
    into.push(one);
    taken += 1;
  }
}

function rarest<C>(index: ReadonlyMap<string, ReadonlySet<C>>, labels: readonly string[]): string {
  let best = labels[0] ?? NO_LABEL;
  let bestSize = Number.POSITIVE_INFINITY;
  for (const label of labels) {
    const size = index.get(label)?.size ?? 0;
    if (size < bestSize) [best, bestSize] = [label, size];
  }
  return best;
}

function listOf<C>(index: Map<string, Set<C>>, label: string): Set<C> {
  const known = index.get(label);
  if (known !== undefined) return known;
  const list = new Set<C>();
  index.set(label, list);
  return list;
}

function dropFrom<C>(index: Map<string, Set<C>>, label: string, one: C): void {
  const list = index.get(label);
  list?.delete(one);
  if (list?.size === 0) index.delete(label);
}
