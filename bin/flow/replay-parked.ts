import type { Finding } from '../core/parked.ts';
import type { Received, Stack } from '../ports/stack.ts';
import { lookUp } from './look-up.ts';
import { type Walked, walkParked } from './walk-parked.ts';

/**
 * replayed: in the source queue, off this one. would-replay: a dry run. left: not worth sending, and why is in the finding.
 * failed: not sent, as far as we know; still parked. copy-stays: sent, but still parked as well; a second replay is absorbed.
 */
export type ReplayResult = 'replayed' | 'would-replay' | 'left' | 'failed' | 'copy-stays';

export interface Replayed {
  readonly finding: Finding;
  readonly result: ReplayResult;
  /** Code of the fault behind `failed` and `copy-stays`. */
  readonly fault: string | null;
}

export interface ReplayWish {
  readonly queue: Finding['queue'];
  /** Undefined: all. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly isDry: boolean;
  readonly max: number;
  readonly signal: AbortSignal;
  readonly onResult: (one: Replayed) => void;
}

/** Receive, check against the ledger, send, delete: each message by itself, so that any stop leaves each one somewhere. */
export function replayParked(stack: Stack, wish: ReplayWish): Promise<Walked> {
  const { max, signal } = wish;
  const missing = wish.ids && new Set(wish.ids);
  return walkParked(stack.parked[wish.queue], {
    max,
    signal,
    isDone: () => missing?.size === 0,
    visit: async (message) => {
      if (wish.ids !== undefined && !wish.ids.has(message.messageId)) return false;
      missing?.delete(message.messageId);
      const one = await replay(message, stack, wish.isDry);
      wish.onResult(one);
      return one.result === 'replayed';
    },
  });
}

async function replay(message: Received, stack: Stack, isDry: boolean): Promise<Replayed> {
  const queue = stack.parked[message.queue];
  const finding = await lookUp(message, stack);
  if (finding.verdict !== 'replay') return { finding, result: 'left', fault: null };
  if (isDry) return { finding, result: 'would-replay', fault: null };
  const sent = await queue.resend(message);
  if (!sent.ok) return { finding, result: 'failed', fault: sent.fault.code };
  const removed = await queue.remove(message);
  return removed.ok
    ? { finding, result: 'replayed', fault: null }
    : { finding, result: 'copy-stays', fault: removed.fault.code };
}
