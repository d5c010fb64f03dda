import type { Deployment } from '../core/launch-plan.ts';
import type { Clock, Dice } from '../ports/clock.ts';
import type { GitHub } from '../ports/github.ts';
import type { Instances } from '../ports/instances.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Prices, UsageLake } from '../ports/usage.ts';

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

/** What the sweep touches besides: where usage records go, and the prices they are priced by. */
export interface SweepWorld extends World {
  readonly usage: UsageLake;
  readonly prices: Prices;
}
