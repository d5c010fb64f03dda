import type { Deployment } from '../core/launch-plan.ts';
import type { Clock, Dice } from '../ports/clock.ts';
import type { GitHub } from '../ports/github.ts';
import type { Instances } from '../ports/instances.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';

/** Everything outside that launching and repairing may touch; composed by the handlers of dispatch and sweep. */
export interface World {
  /** Who acts, for timelines. */
  readonly by: 'dispatch' | 'sweep';
  readonly ledger: Ledger;
  readonly instances: Instances;
  readonly github: GitHub;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly deployment: Deployment;
}
