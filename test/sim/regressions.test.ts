import { describe, expect, it } from '@jest/globals';
import { REGRESSIONS } from './regressions.ts';
import { simulate } from './simulate.ts';

describe('runs that once broke a rule', () => {
  it.each(REGRESSIONS.map(({ says, broke, options }) => [options.seed, says, broke, options] as const))(
    'seed %i holds every rule again: %s (%s)',
    async (_seed, _says, _broke, options) => {
      const { violations } = await simulate(options);
      expect(violations).toEqual([]);
    },
  );
});
