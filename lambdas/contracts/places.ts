import * as z from 'zod/mini';
import { poolName, SCHEMA_VERSION } from './text.ts';

const name = z.string().check(z.minLength(1), z.maxLength(2_000));
const queueUrl = z.string().check(z.maxLength(300), z.regex(/^https?:\/\/[A-Za-z0-9.:/_-]+$/));

/** A queue and where its messages are parked that failed too often (its dead-letter queue). */
export const queuePlaces = z.object({ url: queueUrl, parkedUrl: queueUrl });

/** The two queues: jobs (webhook to dispatch) and instances (EC2 events to observe). */
export const queueName = z.enum(['jobs', 'instances']);
export type QueueName = z.infer<typeof queueName>;

/**
 * Where the parts of a deployed stack are, for the operator's CLI: JSON in one SSM parameter, written by the deploy under a
 * name that follows from the stack's. It holds names and addresses, no secret.
 */
export const places = z.object({
  v: z.literal(SCHEMA_VERSION),
  stackId: z.string().check(z.regex(/^[a-z0-9]{8}$/)),
  ledgerTable: name,
  queues: z.object({ jobs: queuePlaces, instances: queuePlaces }),
  /** Of the deployed configuration. */
  pools: z.optional(z.array(poolName)),
});
export type Places = z.infer<typeof places>;

/** The parameter's name; `stackName` is CloudFormation's (letters, digits and hyphens). */
export const placesParameter = (stackName: string): string => `/mayfly/${stackName}/places`;
