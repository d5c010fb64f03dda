/**
 * The clock of a local run. Everything that waits (windows, schedules, visibility, sleeps of our own code) lives in
 * virtual time; what costs CPU (a handler's own work, a socket) stays in real time, since no factor speeds a machine up.
 */
export type Clock = {
  /** Virtual time, epoch ms. */
  now(): number;
  /** Resolves after `ms` of virtual time; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** How long `ms` of virtual time take in real ms. */
  realDelay(ms: number): number;
  /** The virtual time (epoch ms) of a real one: for time stamps that an emulator took from the machine. */
  virtualOf(realEpochMs: number): number;
  readonly epochMs: number;
  readonly speed: number;
};

/** Environment names by which every child of a local run shares its parent's clock. */
export const CLOCK_ENV = { epochMs: 'MAYFLY_LOCAL_EPOCH_MS', speed: 'MAYFLY_LOCAL_SPEED' } as const;

/** Faster than this, a one-minute schedule would fire every 60 ms: nothing finishes between two ticks. */
const SPEED_MAX = 1000;
/** Node's timers hold 31 bits; a longer wait would fire at once. */
const TIMER_REAL_MAX_MS = 2 ** 31 - 1;

/** Taken when this module loads, which the preload of a child does before it replaces `Date`. */
const realNow = Date.now.bind(Date);

/** At real time `epochMs` both times are equal; from there virtual time runs `speed` times as fast. */
export function createClock(options: { readonly epochMs: number; readonly speed: number }): Clock {
  const { epochMs, speed } = options;
  if (!(speed > 0 && speed <= SPEED_MAX)) {
    throw new Error(`speed: want a number above 0 and up to ${SPEED_MAX}, got ${speed}`);
  }
  const virtualOf = (realMs: number) => epochMs + (realMs - epochMs) * speed;
  const realDelay = (ms: number) => Math.min(Math.max(0, ms) / speed, TIMER_REAL_MAX_MS);
  return {
    now: () => Math.floor(virtualOf(realNow())),
    virtualOf,
    realDelay,
    sleep: (ms, signal) => sleepReal(realDelay(ms), signal),
    epochMs,
    speed,
  };
}

/** What a child process needs in its environment to share the clock. */
export const clockEnvironment = (clock: Clock): Record<string, string> => ({
  [CLOCK_ENV.epochMs]: String(clock.epochMs),
  [CLOCK_ENV.speed]: String(clock.speed),
});

function sleepReal(realMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, realMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
