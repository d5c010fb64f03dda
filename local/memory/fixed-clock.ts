import type { Clock } from '../../lambdas/ports/clock.ts';

/** A clock that stands still until it is moved. Sleeping moves it: nothing waits in a test. */
export interface FixedClock extends Clock {
  /** Moves the time forwards. */
  advance(ms: number): void;
}

/** 2026-11-02 12:00 UTC, when nobody says otherwise. */
const SOME_DAY_MS = Date.UTC(2026, 10, 2, 12);

export function createFixedClock(startMs: number = SOME_DAY_MS): FixedClock {
  let now = startMs;
  const advance = (ms: number) => {
    now += ms;
  };
  return { now: () => now, advance, sleep: async (ms) => advance(ms) };
}
