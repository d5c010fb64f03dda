import type { Route } from './route.ts';

/** How often one action was called, and how often it was refused because nothing here models it. */
export type ActionCount = {
  readonly api: string;
  readonly action: string;
  readonly calls: number;
  readonly refused: number;
};

export type CallCounts = {
  add(route: Pick<Route, 'api' | 'action'>, refused: boolean): void;
  /** In order of first use. */
  list(): readonly ActionCount[];
};

/** Counts per API and action, for `awsCallsPerJob`. */
export function createCallCounts(): CallCounts {
  const counts = new Map<string, ActionCount>();
  return {
    add: ({ api, action }, refused) => {
      const key = `${api}.${action}`;
      const { calls, refused: before } = counts.get(key) ?? { calls: 0, refused: 0 };
      counts.set(key, { api, action, calls: calls + 1, refused: before + (refused ? 1 : 0) });
    },
    list: () => [...counts.values()],
  };
}
