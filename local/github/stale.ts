import { type State, strikes } from './state.ts';

interface Changing<V> {
  readonly earlier: V | null;
  readonly changedAt: number;
  reads: number;
}

/** What a read shows: the present, or for a short while after a change what was there before. */
export function recent<V>(
  state: State,
  what: { readonly key: string; readonly of: Changing<V>; readonly current: V },
  now: number,
): V {
  const { key, of, current } = what;
  const { staleRead, staleMaxMs } = state.faults;
  of.reads += 1;
  if (of.earlier === null || now - of.changedAt >= staleMaxMs) return current;
  return strikes(state, staleRead, `stale ${key}#${of.reads}`) ? of.earlier : current;
}
