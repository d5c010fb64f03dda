/** A person can mend it: a wrong argument, a stack that is not there, missing credentials. One clear sentence; exit code 2. */
export class UsageError extends Error {}

/** Exit codes of every command. */
export const EXIT = {
  /** All that was asked is done. */
  done: 0,
  /** Something of it is not; the output names it. */
  short: 1,
  /** Nothing was done: the arguments, the stack or the credentials are wrong. */
  wrong: 2,
  /** Ended by Ctrl-C; what was done by then is told. */
  interrupted: 130,
} as const;

export const EXIT_CODES = `Exit codes: 0 done, 1 something is left undone (the output names it), 2 wrong arguments or no such
stack, 130 interrupted.
`;
