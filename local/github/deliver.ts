import type { Delivery } from './deliveries.ts';
import type { GitHubModel } from './model.ts';

export interface DeliverParts {
  readonly model: GitHubModel;
  /** The App's webhook URL. */
  readonly url: string;
  readonly now: () => number;
  /** In real ms; default GitHub's 10 s. */
  readonly timeoutMs?: number;
}

/** GitHub gives a receiver 10 s. */
const ANSWER_MAX_MS = 10_000;
/** Posts in flight at a time: as many as a small machine's receiver answers without queueing. */
const POSTS_MAX = 8;

/** Posts every delivery that is due and records how each was answered. Returns how many there were; never throws. */
export async function deliver(parts: DeliverParts): Promise<number> {
  const due = [...parts.model.takeDeliveries(parts.now())];
  const count = due.length;
  due.reverse();
  const drain = async () => {
    for (let next = due.pop(); next !== undefined; next = due.pop()) await post(parts, next);
  };
  await Promise.all(Array.from({ length: Math.min(POSTS_MAX, count) }, drain));
  return count;
}

async function post(parts: DeliverParts, delivery: Delivery): Promise<void> {
  const { model, url, now, timeoutMs = ANSWER_MAX_MS } = parts;
  const { headers, body } = model.signed(delivery);
  const startedAt = now();
  const statusCode = await statusOf(url, { headers, body, timeoutMs });
  const at = now();
  model.recordDelivery(delivery, { statusCode, durationMs: Math.max(0, at - startedAt) }, at);
}

async function statusOf(
  url: string,
  what: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly timeoutMs: number;
  },
): Promise<number> {
  const { headers, body, timeoutMs } = what;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    // No answer at all: GitHub records such a delivery without a status code.
    return 0;
  }
}
