/** What an operator may stop, and how the one stop item of the ledger changes: decisions only. */
import type { StopItem } from '../../lambdas/contracts/ledger.ts';
import { SCHEMA_VERSION } from '../../lambdas/contracts/text.ts';
import { UsageError } from './usage.ts';

export type Stoppable =
  | { readonly kind: 'all' }
  | { readonly kind: 'pool'; readonly name: string }
  /** In lower case. */
  | { readonly kind: 'repository'; readonly name: string };

const REPOSITORY = /^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/;
/** The item is read before every launch: it stays small. Whoever stops more than that means a pool, or all. */
export const REPOSITORIES_MAX = 100;

/** Throws a UsageError that names what can be stopped. */
export function readStoppable(text: string, pools: readonly string[]): Stoppable {
  if (text === 'all') return { kind: 'all' };
  if (REPOSITORY.test(text)) return { kind: 'repository', name: text.toLowerCase() };
  if (pools.includes(text)) return { kind: 'pool', name: text };
  const known = pools.length === 0 ? 'the name of a pool' : `a pool (${pools.join(', ')})`;
  throw new UsageError(`want all, ${known} or OWNER/REPOSITORY, got "${text.slice(0, 100)}".`);
}

export const nameOf = (what: Stoppable): string =>
  what.kind === 'all' ? 'the whole stack' : `${what.kind} ${what.name}`;

const fresh = (now: number): StopItem => ({
  ...{ v: SCHEMA_VERSION, rev: 0, kind: 'stop', name: 'all' },
  ...{ stopped: false, reason: 'launches-stopped', at: now },
});

/** The item with this stopped; the same item when it was already. */
export function stopped(item: StopItem | undefined, what: Stoppable, now: number): StopItem {
  const before = item ?? fresh(now);
  if (what.kind === 'all')
    return before.stopped ? before : { ...before, stopped: true, reason: 'launches-stopped', at: now };
  if (what.kind === 'pool') {
    const { pools = {} } = before;
    return Object.hasOwn(pools, what.name) ? before : { ...before, pools: { ...pools, [what.name]: now } };
  }
  const { repositories = {} } = before;
  if (Object.hasOwn(repositories, what.name)) return before;
  if (Object.keys(repositories).length >= REPOSITORIES_MAX)
    throw new UsageError(
      `want at most ${REPOSITORIES_MAX} stopped repositories, and so many are: resume one, or stop a pool.`,
    );
  return { ...before, repositories: { ...repositories, [what.name]: now } };
}

/** The item with this resumed (`all`: everything); the same item when nothing of it was stopped. */
export function resumed(item: StopItem | undefined, what: Stoppable): StopItem | undefined {
  if (item === undefined) return undefined;
  if (item.stopped && item.reason === 'stack-removed')
    throw new UsageError('want a stack that stays, but this one is being removed: deploy it anew.');
  const { pools = {}, repositories = {} } = item;
  if (what.kind === 'all')
    return isAnyStopped(item) ? { ...item, stopped: false, pools: {}, repositories: {} } : item;
  const among = what.kind === 'pool' ? pools : repositories;
  if (!Object.hasOwn(among, what.name)) return item;
  const left = Object.fromEntries(Object.entries(among).filter(([name]) => name !== what.name));
  return what.kind === 'pool' ? { ...item, pools: left } : { ...item, repositories: left };
}

export const isAnyStopped = ({ stopped: isAll, pools = {}, repositories = {} }: StopItem): boolean =>
  isAll || Object.keys(pools).length + Object.keys(repositories).length > 0;
