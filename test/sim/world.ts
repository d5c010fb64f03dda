import type { Fault } from '../../lambdas/ports/outcome.ts';
import type { Scheduler } from './clock.ts';
import { fractionOf, hashText, mix } from './draws.ts';
import type { FaultBook } from './fault-book.ts';

/** One invocation of a function. A dead one simply never continues. */
export interface Run {
  /** Who called it and for what, stable under other faults: `claim:i-0abc.2`. */
  readonly name: string;
  readonly fn: string;
  readonly key: number;
  /** No fault strikes it. */
  readonly isSpared?: boolean;
  /** How wrong its container's clock is, in ms. */
  readonly skewMs: number;
  calls: number;
  hasEnded: boolean;
  /** The function died: crashed, or stopped at its time limit. */
  die(how: 'crashed' | 'timed-out'): void;
}

/** A call of a port: its site `fn/port.call`, and what a caller learns who hears nothing of it. */
export interface Crossing<T> {
  readonly site: string;
  readonly latency: LatencyMs;
  readonly effect: () => Promise<T>;
  /** The answer in place of the true one: `unsure` for writes, `busy` for reads. */
  readonly failed: (fault: Fault) => T;
  readonly isWrite: boolean;
}

export interface LatencyMs {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface World {
  readonly clock: Scheduler;
  readonly book: FaultBook;
  readonly seed: number;
  /** Every effect of the product passes here, and only here. */
  cross<T>(run: Run, crossing: Crossing<T>): Promise<T>;
  /** Port calls so far; with `crashAt` the one at which the function dies, once, before (even) or after (odd). */
  readonly crossings: number;
}

const LOST: Fault = { kind: 'unsure', code: 'lost' };
const LOST_READ: Fault = { kind: 'busy', code: 'lost', retryAfterMs: 1_000 };
const THROTTLED: Fault = { kind: 'busy', code: 'throttled', retryAfterMs: 2_000 };
/** A call that hangs: long enough to open race windows, within or beyond the functions' time limits. */
const SLOW: LatencyMs = { minMs: 4_000, maxMs: 40_000 };

export function createWorld(parts: {
  readonly clock: Scheduler;
  readonly book: FaultBook;
  readonly seed: number;
  readonly crashAt?: number | undefined;
}): World {
  const { clock, book, seed } = parts;
  let crossings = 0;
  return {
    clock,
    book,
    seed,
    get crossings() {
      return crossings;
    },
    cross: <T>(run: Run, crossing: Crossing<T>) => {
      const point = 2 * crossings;
      crossings += 1;
      const { site } = crossing;
      const visit = { key: run.key, call: run.calls, name: run.name };
      run.calls += 1;
      const draws = mix(mix(mix(seed, hashOf(site)), run.key), visit.call);
      const strikes = (kind: string): boolean => run.isSpared !== true && book.strikes(kind, site, visit);
      const crashes = (kind: string, boundary: number): boolean => {
        if (parts.crashAt !== boundary) return strikes(kind);
        book.note(kind, site, `${run.name}.${visit.call}`);
        return true;
      };
      return new Promise<T>((resolve, reject) => {
        if (run.hasEnded) return;
        if (crashes('crash-before', point)) {
          run.die('crashed');
          return;
        }
        const slowMs = strikes('slow') ? spread(SLOW, mix(draws, 3)) : 0;
        const tellMs = spread(crossing.latency, mix(draws, 2));
        const tell = (answer: { value: T } | { error: unknown }): void => {
          if (run.hasEnded) return;
          clock.touch();
          if ('error' in answer) reject(answer.error);
          else resolve(answer.value);
        };
        const afterEffect = (answer: { value: T } | { error: unknown }): void => {
          if (run.hasEnded) return;
          if (crashes('crash-after', point + 1)) {
            run.die('crashed');
            return;
          }
          const isLost = 'value' in answer && strikes('answer-lost');
          const told = isLost ? { value: crossing.failed(crossing.isWrite ? LOST : LOST_READ) } : answer;
          clock.after(tellMs + (isLost ? SLOW.minMs : 0), () => tell(told));
        };
        if (strikes('throttle')) {
          clock.after(tellMs, () => tell({ value: crossing.failed(THROTTLED) }));
          return;
        }
        clock.after(spread(crossing.latency, mix(draws, 1)) + slowMs, () => {
          clock.touch();
          clock.note(draws);
          crossing.effect().then(
            (value) => afterEffect({ value }),
            (error: unknown) => afterEffect({ error }),
          );
        });
      });
    },
  };
}

const spread = ({ minMs, maxMs }: LatencyMs, hash: number): number =>
  minMs + Math.floor(fractionOf(hash) * (maxMs - minMs + 1));

const hashes = new Map<string, number>();

/** A site's number; there are some dozens of sites, asked for at every call. */
function hashOf(site: string): number {
  const known = hashes.get(site);
  if (known !== undefined) return known;
  const hash = hashText(site);
  hashes.set(site, hash);
  return hash;
}
