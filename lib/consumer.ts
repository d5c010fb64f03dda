import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { MayflyFunction } from './function.ts';
import { consume } from './queues.ts';

/** Large batches and few of them at once: that is what makes launches batch (DESIGN §3). */
const BATCH_MESSAGES = 100;
/** Above 10 messages Lambda asks for a window of at least a second. */
const WINDOW_SECONDS = 1;

export interface ConsumerProps {
  readonly queue: IQueue;
  readonly worker: MayflyFunction;
  /** Invocations at once; 2 is the least that Lambda allows. */
  readonly concurrencyMax: number;
}

/** Feeds a queue to a function. It stands outside the function's construct, for it must go before the teardown runs. */
export class Consumer extends Construct {
  constructor(scope: Construct, id: string, { queue, worker, concurrencyMax }: ConsumerProps) {
    super(scope, id);
    worker.allow(consume(queue));
    new EventSourceMapping(this, 'Mapping', {
      target: worker.lambda,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_MESSAGES,
      maxBatchingWindow: Duration.seconds(WINDOW_SECONDS),
      maxConcurrency: concurrencyMax,
      reportBatchItemFailures: true,
    });
  }
}
