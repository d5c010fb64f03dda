import { onQueue } from '../adapters/sqs-batch.ts';
import { composeWorld } from '../compose/world.ts';
import { receiveJobs } from '../flow/receive-jobs.ts';

const world = composeWorld('dispatch');

/** Batches of the jobs queue: see, admit, launch. */
export const handler = onQueue((messages) => receiveJobs(messages, world));
