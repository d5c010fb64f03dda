/** Polls that are held open, one per session. */
export interface Waiting {
  /** Resolves when the session is woken, when another poll of it comes, or when the time is up. */
  for(session: string): Promise<void>;
  wake(sessions: readonly string[]): void;
}

/** Holds each poll for at most `maxMs` of real time. The timers keep no finished program alive. */
export function createWaiting(maxMs: number): Waiting {
  const held = new Map<string, () => void>();
  const release = (session: string) => {
    const resolve = held.get(session);
    held.delete(session);
    resolve?.();
  };
  return {
    for: (session) => {
      release(session);
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          if (held.get(session) === end) held.delete(session);
          end();
        }, maxMs);
        const end = () => {
          clearTimeout(timer);
          resolve();
        };
        timer.unref();
        held.set(session, end);
      });
    },
    wake: (sessions) => {
      for (const session of sessions) release(session);
    },
  };
}
