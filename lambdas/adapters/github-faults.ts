import * as z from 'zod/mini';
import type { Fault } from '../ports/outcome.ts';
import { type Effect, faultOfSocket } from './faults.ts';

/** Without a header GitHub asks for a minute at least (REST docs, rate limits). */
const UNTOLD_WAIT_MS = 60_000;
/** The longest window of any of GitHub's buckets is an hour; a header that says more is wrong or our clock is. */
const WAIT_MAX_MS = 3_600_000;
const WAIT_MIN_MS = 1_000;
/** A server that failed once mostly answers soon after. */
const FAILED_RETRY_MS = 2_000;
/** A fresh token may be unknown to some of GitHub's servers for 5 s (octokit/auth-app.js). */
const UNKNOWN_TOKEN_WAIT_MS = 5_000;

/** What GitHub answered, as far as a fault needs it. The body is looked at for one word and never repeated. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

const REFUSED: Readonly<Record<number, string>> = {
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  410: 'gone',
  422: 'invalid',
};

const waitMs = (ms: number): number => Math.min(WAIT_MAX_MS, Math.max(WAIT_MIN_MS, Math.ceil(ms)));
const numberOf = (value: string | number | undefined): number | undefined =>
  value !== undefined && /^[0-9]{1,12}$/.test(String(value)) ? Number(value) : undefined;

const sentence = z.object({ message: z.string() });

/** GitHub's own waiting time, or undefined when the answer speaks of no limit. */
function limitWaitMs({ status, headers, data }: Refusal, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const retryAfter = numberOf(headers['retry-after']);
  if (retryAfter !== undefined) return waitMs(retryAfter * 1_000);
  const reset = numberOf(headers['x-ratelimit-reset']);
  if (numberOf(headers['x-ratelimit-remaining']) === 0) {
    return reset === undefined ? UNTOLD_WAIT_MS : waitMs(reset * 1_000 - now);
  }
  const isLimit = /rate limit|abuse/i.test(sentence.safeParse(data).data?.message ?? '');
  return status === 429 || isLimit ? UNTOLD_WAIT_MS : undefined;
}

const brokenOff = (effect: Effect, code: string): Fault =>
  effect === 'write' ? { kind: 'unsure', code } : { kind: 'busy', code, retryAfterMs: FAILED_RETRY_MS };

/** The fault behind an answer that is no success. `now`: epoch ms, for reset times. */
export function faultOfAnswer(answer: Refusal, effect: Effect, now: number): Fault {
  const { status } = answer;
  const retryAfterMs = limitWaitMs(answer, now);
  if (retryAfterMs !== undefined) return { kind: 'busy', code: 'rate-limit', retryAfterMs };
  const code = `http-${status}`;
  if (status === 401) return { kind: 'busy', code, retryAfterMs: UNKNOWN_TOKEN_WAIT_MS };
  if (status >= 500) return brokenOff(effect, code);
  return { kind: 'refused', code: REFUSED[status] ?? code };
}

const thrown = z.object({
  response: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.optional(z.union([z.string(), z.number()]))),
    data: z.unknown(),
  }),
});
const wrapped = z.object({ message: z.optional(z.string()), cause: z.optional(z.unknown()) });

/** What Octokit threw: an answer with an error status, or a connection that failed. Anything else is our bug, thrown on. */
export function faultOfThrown(error: unknown, effect: Effect, now: number): Fault {
  const answered = thrown.safeParse(error).data;
  if (answered !== undefined) return faultOfAnswer(answered.response, effect, now);
  // fetch wraps the socket's error once, Octokit wraps fetch's once more.
  let isFetch = false;
  let cause: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && cause !== undefined; depth++) {
    const fault = faultOfSocket(cause, effect);
    if (fault !== undefined) return fault;
    const layer = wrapped.safeParse(cause).data;
    isFetch ||= layer?.message === 'fetch failed';
    cause = layer?.cause;
  }
  if (isFetch) return brokenOff(effect, 'fetch-failed');
  throw new Error('a GitHub request could not be made: this is a bug of the adapter', {
    cause: kindOf(error),
  });
}

const CAUSES_MAX = 4;

/** Octokit's errors carry the request; only their kind may leave. */
const kindOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
