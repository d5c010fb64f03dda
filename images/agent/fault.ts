const NAME = 'AgentFault';

/** A fault with a sentence of our own: safe to log and to report. */
export function fault(sentence: string): Error {
  const error = new Error(sentence);
  error.name = NAME;
  return error;
}

/**
 * One line about any error. Only our own sentences pass: a parser's or the system's message may quote what it was
 * given, and what it was given may be a secret.
 */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'a thrown value that is no error';
  if (error.name === NAME) return error.message;
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  return `${error.name}${code}`;
}
