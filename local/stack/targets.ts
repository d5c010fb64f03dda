import { type Json, parseJson } from '../json.ts';
import type { StackContext } from './context.ts';
import type { Target } from './events.ts';

/** Where a rule or a schedule sends to: a queue or a function of this stack. Throws a sentence for any other ARN. */
export function targetOf(arn: string, input: string | undefined, context: StackContext): Target {
  const constant: Json | undefined = input === undefined ? undefined : parseJson(input);
  const deliver = deliveryTo(arn, context);
  return (event) => {
    deliver(constant ?? event).catch((error: unknown) => context.log(`event to ${arn} lost: ${error}`));
  };
}

function deliveryTo(arn: string, context: StackContext): (event: Json) => Promise<unknown> {
  const logicalId = context.functions.find(arn);
  if (logicalId !== undefined) return (event) => context.functions.invokeEvent(logicalId, event);
  const queue = context.queues.get(arn);
  if (queue === undefined) throw new Error(`target ${arn}: want a queue or a function of this stack`);
  return (event) =>
    context.sqs.call('SendMessage', { QueueUrl: queue.url, MessageBody: JSON.stringify(event) });
}
