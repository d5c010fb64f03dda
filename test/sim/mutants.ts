import { UsageError } from './options.ts';
import type { Wishes } from './scenario.ts';
import type { Mutation } from './sim.ts';

/** A bug planted for a test, and the rules of which one must break within 1,000 seeds. */
export interface Mutant {
  readonly says: string;
  readonly caughtBy: readonly string[];
  /** The smallest world that shows it; left out: the whole one. */
  readonly world?: Wishes;
  readonly mutation: Mutation;
}

/** Part of every campaign: if it is not caught, nothing would be. */
export const CANARY = 'ack-by-position';

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'ack-by-position': {
    says: 'a batch that failed in part is acknowledged by position: the wrong messages come again',
    caughtBy: ['AckMeansSettled'],
    mutation: { failedOf: (batch, failed) => batch.slice(0, failed.length) },
  },
};

/** A planted bug by its name. */
export function findMutant(name: string): Mutant {
  const mutant = MUTANTS[name];
  if (mutant !== undefined) return mutant;
  throw new UsageError(`--mutant: want one of ${Object.keys(MUTANTS).join(', ')}, got "${name}"`);
}
