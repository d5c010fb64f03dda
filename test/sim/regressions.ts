import type { SimulateOptions } from './simulate.ts';

/** A run that once broke a rule, and what was wrong. Minimised where that helps: `runs` are those that people plan. */
export interface Regression {
  readonly says: string;
  readonly broke: string;
  readonly options: SimulateOptions;
}

export const REGRESSIONS: readonly Regression[] = [
  {
    says: 'a job that GitHub held back got a new machine every three minutes, although each of them idled out',
    broke: 'NeverClaimed',
    options: { seed: 581, onlyRuns: new Set([2]), only: new Set() },
  },
  {
    says: 'launches that an account limit refused made the next look at a displaced job later, up to half an hour',
    broke: 'EveryJobRuns',
    options: { seed: 1477 },
  },
  {
    says: 'a job whose machines others took waited twice as long each time, as if they had idled',
    broke: 'EveryJobRuns',
    options: { seed: 445, onlyRuns: new Set([3, 4]), only: new Set() },
  },
];
