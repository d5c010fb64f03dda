import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { onQueue } from '../adapters/sqs-batch.ts';
import { systemClock as clock } from '../adapters/system.ts';
import { composeLedger } from '../compose/ledger.ts';
import { observeEnvironment } from '../environment.ts';
import { observeInstances } from '../flow/observe-instances.ts';

const env = observeEnvironment();
const journal = createPowertoolsJournal({ service: 'observe', stackId: env.STACK_ID });
const ports = { ledger: composeLedger(env), clock, journal };

/** Batches of EC2's events. */
export const handler = onQueue((messages) => observeInstances(messages, ports));
