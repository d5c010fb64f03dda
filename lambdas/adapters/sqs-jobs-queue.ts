import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { JobsQueue } from '../ports/jobs-queue.ts';
import { done, failed } from '../ports/outcome.ts';
import { callLimits } from './aws-call.ts';
import { faultOf } from './faults.ts';

/** Two tries of this fit into the 10 s that GitHub waits for a webhook's answer. */
const REQUEST_MAX_MS = 3_000;

/** One repeat by the SDK: no ledger stands behind the webhook, and a duplicate is absorbed by dispatch. */
export const jobsQueueClient = (config: SQSClientConfig = {}): SQSClient =>
  new SQSClient({ ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 2 }), ...config });

/**
 * JSON in ASCII. SQS refuses a message that holds a character XML does not know (U+FFFF, a lone surrogate), and names of
 * jobs may hold any: one such name must not lose its job.
 */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The jobs queue in SQS. */
export const createSqsJobsQueue = (parts: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): JobsQueue => ({
  send: async (event) => {
    try {
      const message = { QueueUrl: parts.queueUrl, MessageBody: asciiJson(event) };
      await parts.client.send(new SendMessageCommand(message));
      return done(undefined);
    } catch (error) {
      return failed(faultOf(error, 'write'));
    }
  },
});
