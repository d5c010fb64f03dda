import { createFirehoseUsage, firehoseClient } from '../adapters/firehose-usage.ts';
import { composeWorld } from '../compose/world.ts';
import { sweepEnvironment } from '../environment.ts';
import { type SweepSummary, sweep } from '../flow/sweep/sweep.ts';
import { done } from '../ports/outcome.ts';

const usage = createFirehoseUsage({ client: firehoseClient(), stream: sweepEnvironment().USAGE_STREAM });
// No book is fetched yet: records are priced by the dated table, and say so.
const prices = { book: async () => done(undefined) };
const world = { ...composeWorld('sweep'), usage, prices };

/** Every minute. */
export const handler = (): Promise<SweepSummary> => sweep(world);
