/**
 * How a call to the outside ends, named by what the caller may do next. Exceptions are left for our own bugs.
 *
 * - refused: it did not happen; do not repeat it as it stands.
 * - busy: it did not happen; repeat it after `retryAfterMs`.
 * - exhausted: it did not happen; another offer may serve.
 * - unsure: it may have happened; look before repeating.
 */
export type Fault =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'busy'; readonly code: string; readonly retryAfterMs: number }
  | { readonly kind: 'exhausted'; readonly code: string }
  | { readonly kind: 'unsure'; readonly code: string };

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (fault: Fault): Outcome<never> => ({ ok: false, fault });
