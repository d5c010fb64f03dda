import type { JsonObject } from '../json.ts';
import type { Matcher } from './event-pattern.ts';
import type { InvokeOutcome } from './outcome.ts';
import { type EventSource, type EventSourceContext, gather, giveBack, remove } from './sqs-batch.ts';
import { failedMessages, filterable, type Message, sqsRecord } from './sqs-records.ts';

export type EventSourceMapping = {
  /** Stops polling, waits for the running invocations. */
  close(): Promise<void>;
};

/** After a failed poll: the emulator is in this process, so a failure is our bug and must not spin. */
const FAILED_POLL_REAL_MS = 500;

/**
 * Polls with one gatherer: a batch is as full as the window allows. (AWS runs several pollers, each with its own window,
 * so batches there are smaller at low load.)
 *
 * AWS lets no visibility timeout be shorter than its function's timeout: a message never comes back while it is worked
 * on. Divided by the speed it would, as work stays real. So messages are hidden for as long as the work may take, and one
 * that failed is given back with what is left of the queue's own timeout, in virtual time. Parking is the queue's part.
 */
export function startEventSource(source: EventSource, context: EventSourceContext): EventSourceMapping {
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  const start = (batch: readonly Message[]): void => {
    const work = deliver(batch, source, context)
      .catch((error: unknown) => context.log(`event source ${source.queueArn}: ${error}`))
      .finally(() => running.delete(work));
    running.add(work);
  };
  const poll = async (): Promise<void> => {
    // Runs until closed: this loop is the mapping's life.
    while (!stop.signal.aborted) {
      if (running.size >= source.concurrencyMax) await Promise.race(running);
      else {
        const batch = await gather(source, context, stop.signal);
        // Once stopped, what was gathered becomes visible again by itself.
        if (batch.length > 0 && !stop.signal.aborted) start(batch);
      }
    }
  };
  const polling = (async () => {
    while (!stop.signal.aborted) {
      await poll().catch(async (error: unknown) => {
        context.log(`event source ${source.queueArn}: ${error}`);
        await new Promise((resolve) => setTimeout(resolve, FAILED_POLL_REAL_MS));
      });
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await polling;
      await Promise.all(running);
    },
  };
}

async function deliver(
  batch: readonly Message[],
  source: EventSource,
  context: EventSourceContext,
): Promise<void> {
  const records = batch.map((message) => ({
    message,
    record: sqsRecord(message, { arn: source.queueArn, region: source.region }),
  }));
  const wanted = records.filter(({ record }) => passes(record, source.filters));
  const kept = new Set(wanted.map(({ message }) => message.id));
  await remove(
    batch.filter(({ id }) => !kept.has(id)),
    source,
    context,
  );
  if (wanted.length === 0) return;

  const outcome = await context.invoke({ Records: wanted.map(({ record }) => record) });
  const failed = failedOf(outcome, source, kept);
  await remove(
    wanted.flatMap(({ message }) => (failed.has(message.id) ? [] : [message])),
    source,
    context,
  );
  await giveBack(
    wanted.flatMap(({ message }) => (failed.has(message.id) ? [message] : [])),
    source,
    context,
  );
}

function failedOf(
  outcome: InvokeOutcome,
  source: EventSource,
  ids: ReadonlySet<string>,
): ReadonlySet<string> {
  if (!outcome.ok) return ids;
  if (!source.reportsFailures) return new Set();
  const failed = failedMessages(outcome.payload, ids);
  return failed === 'all' ? ids : failed;
}

const passes = (record: JsonObject, filters: readonly Matcher[]): boolean =>
  filters.length === 0 || filters.some((matches) => matches(filterable(record)));
