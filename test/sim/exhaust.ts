import { type SimulateOptions, simulate } from './simulate.ts';
import { type Spent, spread } from './workers.ts';

const MINUTE = 60_000;

/** A short quiet world: jobs come within 15 minutes, nothing else fails, and everything must be over 25 minutes later. */
export const quietWorld = (jobs: number) =>
  ({
    jobs,
    safetyMs: 20 * MINUTE,
    calmMs: 25 * MINUTE,
    isQuiet: true,
  }) as const satisfies Partial<SimulateOptions>;

/** Kills a function once at every boundary of every port call of one world: before the call, and after its effect. */
export async function exhaust(options: {
  readonly seed: number;
  readonly jobs: number;
  readonly workers?: number | undefined;
}): Promise<Spent & { readonly boundaries: number }> {
  const world = quietWorld(options.jobs);
  const { crossings } = await simulate({ ...world, seed: options.seed });
  const boundaries = 2 * crossings;
  const spent = await spread({
    over: 'crashAt',
    from: 0,
    to: boundaries,
    forMs: undefined,
    workers: options.workers,
    options: { ...world, seed: options.seed },
  });
  return { ...spent, boundaries };
}
