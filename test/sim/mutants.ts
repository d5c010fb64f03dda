import { FLOW_MUTANTS } from './mutants-flow.ts';
import { PORT_MUTANTS } from './mutants-port.ts';
import { UsageError } from './options.ts';
import type { Wishes } from './scenario.ts';
import type { Mutation } from './sim.ts';

/** A bug planted for a test, and the rules of which one must break within 1,000 seeds. */
export interface Mutant {
  readonly says: string;
  readonly caughtBy: readonly string[];
  /** Why nobody could tell it from the product: another mechanism does the same. Such a one proves nothing. */
  readonly equivalent?: string;
  /** The first seed of those searched by the test; left out: 1. */
  readonly from?: number;
  /** A smaller world that shows it faster; left out: the whole one. */
  readonly world?: Wishes;
  readonly mutation: Mutation;
}

/** Part of every campaign: if it is not caught, nothing would be. */
export const CANARY = 'ack-by-position';

export const MUTANTS: Readonly<Record<string, Mutant>> = { ...FLOW_MUTANTS, ...PORT_MUTANTS };

/** A planted bug by its name. */
export function findMutant(name: string): Mutant {
  const mutant = MUTANTS[name];
  if (mutant !== undefined) return mutant;
  throw new UsageError(`--mutant: want one of ${Object.keys(MUTANTS).join(', ')}, got "${name}"`);
}
