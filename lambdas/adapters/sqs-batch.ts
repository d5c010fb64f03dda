import type { SQSBatchResponse, SQSEvent, SQSHandler } from 'aws-lambda';

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/** The only place that knows the transport: messages in, the ids of those to deliver again out. */
export const onQueue =
  (work: (messages: readonly Message[]) => Promise<readonly string[]>): SQSHandler =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = await work(event.Records.map(({ messageId, body }) => ({ messageId, body })));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
