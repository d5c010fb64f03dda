import { inParallel } from '../../lambdas/flow/bounded.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';
import type { ParkedQueue, Received } from '../ports/stack.ts';

/** SQS may answer empty while it holds messages (it asks some of its servers): twice in a row is believed. */
const EMPTIES_MAX = 2;
/** Releases in flight: a thousand messages are shown again within seconds. */
const WIDTH = 10;

export interface Walk {
  /** Messages looked at, at most. */
  readonly max: number;
  /** Between two messages: a person pressed Ctrl-C. */
  readonly signal: AbortSignal;
  /** True when the message is off the queue; otherwise it is released at the end. */
  readonly visit: (message: Received) => Promise<boolean>;
  /** True when nothing more is looked for; the walk then counts as whole. */
  readonly isDone?: () => boolean;
}

export interface Walked {
  readonly seen: number;
  /** False when the bound, Ctrl-C or a fault ended the walk before the queue did. */
  readonly isWhole: boolean;
  /** Code of the fault that ended it. */
  readonly fault: string | null;
}

/**
 * Takes the messages of a dead-letter queue one after the other. What stays is hidden until the end, so that nothing is met
 * twice, and then shown again; if this very walk is killed, SQS shows it again after some minutes. Nothing is ever lost.
 */
export async function walkParked(queue: ParkedQueue, walk: Walk): Promise<Walked> {
  const kept: Received[] = [];
  const met = new Set<string>();
  const end = async (isWhole: boolean, fault: string | null = null): Promise<Walked> => {
    // Not bounded by the signal: releasing is what an interrupted walk owes to the next one.
    await inParallel(kept, WIDTH, (message) => queue.release(message));
    return { seen: met.size, isWhole, fault };
  };
  for (let empties = 0; empties < EMPTIES_MAX; ) {
    if (walk.isDone?.() === true) return end(true);
    if (walk.signal.aborted || met.size >= walk.max) return end(false);
    const received: Outcome<readonly Received[]> = await queue.receive();
    if (!received.ok) return end(false, received.fault.code);
    const fresh = received.value.filter(({ messageId }) => !met.has(messageId));
    empties = received.value.length === 0 ? empties + 1 : 0;
    // Met again: its time ran out while we walked, and so will that of all the others.
    const isRound = fresh.length < received.value.length;
    kept.push(...received.value.filter(({ messageId }) => met.has(messageId)));
    for (const message of fresh) {
      const isStopped = walk.signal.aborted || met.size >= walk.max;
      const isOff = isStopped ? false : await walk.visit(message);
      if (!isStopped) met.add(message.messageId);
      if (!isOff) kept.push(message);
    }
    if (isRound) return end(true);
  }
  return end(true);
}
