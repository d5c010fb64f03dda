/** Time, as an argument of everything that needs it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump backwards by some milliseconds between containers. */
  now(): number;
  /** Resolves after at least `ms`. */
  sleep(ms: number): Promise<void>;
}

/** Chance, as an argument. */
export interface Dice {
  /** `length` characters of [a-z0-9], uniformly drawn from a cryptographic source. */
  letters(length: number): string;
  /** 32 random bytes as base64url (43 characters), from a cryptographic source. */
  secret(): string;
  /** A number in [0, 1): jitter only, never a secret. */
  fraction(): number;
}
