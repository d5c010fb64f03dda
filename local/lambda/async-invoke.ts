import type { Clock } from '../clock.ts';
import type { ContainerPool } from './container-pool.ts';
import { type InvokeOutcome, platformFailure } from './outcome.ts';

/** How asynchronous invocations of a function are repeated (AWS::Lambda::EventInvokeConfig); times in virtual ms. */
export type EventPolicy = { readonly retriesMax: number; readonly ageMaxMs: number };

/** Lambda's own defaults: two more tries, six hours. */
export const EVENT_POLICY_DEFAULT: EventPolicy = { retriesMax: 2, ageMaxMs: 6 * 3_600_000 };

/** Lambda waits one minute before the first repetition, two before the second. */
const RETRY_AFTER_MS = [60_000, 120_000];
/** A throttled event uses up none of its tries, only its age; between two attempts Lambda waits 1 s to 5 min. */
const THROTTLED_FIRST_WAIT_MS = 1000;
const THROTTLED_WAIT_MAX_MS = 300_000;
/** Age ends it earlier: even at 1 s a wait, doubling reaches 6 h in about 80 steps. */
const THROTTLED_TRIES_MAX = 100;

/** Runs an event as Lambda's own queue does. Resolves with the last outcome, or `expired`. */
export async function runEvent(
  pool: ContainerPool,
  event: string,
  how: { readonly policy: EventPolicy; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<InvokeOutcome> {
  const { policy, clock, signal } = how;
  const bornAt = clock.now();
  const isStale = () => clock.now() - bornAt > policy.ageMaxMs;
  let failures = 0;
  for (let throttles = 0; throttles < THROTTLED_TRIES_MAX; ) {
    const outcome = await pool.run(event, isStale);
    if (outcome.ok || outcome.fault === 'expired' || outcome.fault === 'closed') return outcome;
    const throttled = outcome.fault === 'throttled';
    throttles += throttled ? 1 : 0;
    failures += throttled ? 0 : 1;
    if (failures > policy.retriesMax) return outcome;
    const waitMs = throttled
      ? Math.min(THROTTLED_FIRST_WAIT_MS * 2 ** (throttles - 1), THROTTLED_WAIT_MAX_MS)
      : (RETRY_AFTER_MS[failures - 1] ?? 0);
    if (clock.now() - bornAt + waitMs > policy.ageMaxMs) return outcome;
    const stopped = await clock.sleep(waitMs, signal).then(
      () => false,
      () => true,
    );
    if (stopped) return outcome;
  }
  return platformFailure('expired', 'none', { type: 'EventAgeExceeded', message: 'throttled to the end' });
}
