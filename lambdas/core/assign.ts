import type { DemandHint } from '../ports/ledger.ts';

/** What a claiming runner is for, as far as supply and demand of its shape tell. */
export type Assignment =
  | { readonly do: 'mint' }
  | { readonly do: 'switch'; readonly group: string; readonly job: string }
  /** An earlier rank has not claimed yet: it may never, so this runner may still be needed. */
  | { readonly do: 'later' }
  /** Runners that did claim cover every open job. */
  | { readonly do: 'gone' };

export interface Claimer {
  readonly instanceId: string;
  readonly group: string;
  readonly launchedAt: number;
}

/**
 * GitHub gives any matching job to any matching idle runner, so a runner is never promised to a job. Ranks are compared
 * with open jobs, never differences: two claimers that each saw the other would send each other away.
 */
export function assign(me: Claimer, hints: readonly DemandHint[]): Assignment {
  const mine = sidesOf(me.group, hints, me);
  const rank = mine.runners.findIndex(({ id }) => id === me.instanceId);
  if (rank < mine.jobs.length) return { do: 'mint' };
  const starving = firstStarving(me, hints, rank - mine.jobs.length);
  if (starving !== undefined) return { do: 'switch', group: starving.group, job: starving.id };
  const claimed = mine.runners.filter(hasClaimed).length;
  return claimed >= mine.jobs.length ? { do: 'gone' } : { do: 'later' };
}

const hasClaimed = ({ state }: DemandHint): boolean => state === 'claimed' || state === 'online';

/** Runners with a registration first, then by launch time and id: an order that every claimer computes alike. */
const byRank = (a: DemandHint, b: DemandHint): number =>
  Number(hasClaimed(b)) - Number(hasClaimed(a)) ||
  a.since - b.since ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Open jobs and unbound runners of one group; the claimer counts as a runner even where the index lags behind it. */
function sidesOf(group: string, hints: readonly DemandHint[], me?: Claimer) {
  const ofGroup = hints.filter((hint) => hint.group === group);
  const jobs = ofGroup.filter(({ kind }) => kind === 'job');
  const others = ofGroup.filter(({ kind, id }) => kind === 'runner' && id !== me?.instanceId);
  const self: DemandHint[] =
    me === undefined
      ? []
      : [{ kind: 'runner', id: me.instanceId, group, since: me.launchedAt, state: 'launched' }];
  return { jobs, runners: [...others, ...self].sort(byRank) };
}

/**
 * The `surplusRank`-th job of other groups that no runner of its own group covers: surplus runners of one group spread
 * over the starving ones instead of all taking the same.
 */
function firstStarving(
  me: Claimer,
  hints: readonly DemandHint[],
  surplusRank: number,
): DemandHint | undefined {
  const groups = new Set(hints.map(({ group }) => group));
  groups.delete(me.group);
  const uncovered = [...groups].flatMap((group) => {
    const { jobs, runners } = sidesOf(group, hints);
    return jobs.sort((a, b) => a.since - b.since).slice(runners.length);
  });
  return uncovered.sort((a, b) => a.since - b.since)[surplusRank];
}

/** How many machines a group lacks: open jobs less unbound runners and launches in flight, never below zero. */
export function shortage(group: string, hints: readonly DemandHint[], inFlight: number): number {
  const { jobs, runners } = sidesOf(group, hints);
  return Math.max(0, jobs.length - runners.length - inFlight);
}
