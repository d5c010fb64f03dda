import { composeWorld } from '../compose/world.ts';
import { type SweepSummary, sweep } from '../flow/sweep/sweep.ts';

const world = composeWorld('sweep');

/** Every minute. */
export const handler = (): Promise<SweepSummary> => sweep(world);
