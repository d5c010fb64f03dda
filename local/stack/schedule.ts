import type { Clock } from '../clock.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The period (virtual ms) of a `rate(…)` expression. Throws on cron and one-time expressions. */
export function readRate(expression: string): number {
  const [, amount = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined || Number(amount) < 1) {
    throw new Error(`schedule ${expression} is not modelled locally; modelled: rate(n minutes|hours|days)`);
  }
  return Number(amount) * unitMs;
}

/**
 * Calls `fire` once per period until stopped, first after one whole period. A tick that a busy machine missed is not
 * made up for: at high speed the missed ones would come as a burst that no real schedule sends.
 */
export function startSchedule(
  clock: Clock,
  periodMs: number,
  fire: (at: number) => void,
): () => Promise<void> {
  const stop = new AbortController();
  const run = async () => {
    for (
      let next = clock.now() + periodMs;
      !stop.signal.aborted;
      next = Math.max(next + periodMs, clock.now())
    ) {
      await clock.sleep(next - clock.now(), stop.signal);
      fire(next);
    }
  };
  const running = run().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return async () => {
    stop.abort(new Error('schedule stopped'));
    await running;
  };
}
