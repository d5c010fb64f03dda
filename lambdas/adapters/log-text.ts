import type { LogFields } from '../ports/journal.ts';

/** A line holds at most this much: CloudWatch bills by size, and a flood of text is an attack on whoever reads. */
const VALUE_CHARS_MAX = 500;
const LIST_ITEMS_MAX = 50;
const FIELDS_MAX = 40;

/** Names under which no value is ever printed, whatever it is. Our own code should not say them; this is the belt. */
const SECRET_NAME = /token|secret|password|authorization|credential|signature|jwt|jit|private|identity/i;
/** Values that are secrets whatever they are called: GitHub's tokens, JWTs, PEM keys, long unbroken base64. */
const SECRET_VALUE =
  /\b(gh[a-z]_[A-Za-z0-9_]{10,}|github_pat_\w+)|eyJ[\w-]{10,}\.[\w-]+|-----BEGIN|[A-Za-z0-9+/_-]{120,}/;

const REDACTED = '[redacted]';

/** Controls, line separators and text direction marks as visible escapes: a log line cannot be forged or turned round. */
const escaped = (text: string): string =>
  text.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

function safeText(value: string): string {
  if (SECRET_VALUE.test(value)) return REDACTED;
  const cut = value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}…` : value;
  return escaped(cut.toWellFormed());
}

type Value = LogFields[string];

function safeValue(name: string, value: Value): Exclude<Value, undefined> {
  if (value == null) return null;
  // A count of tokens is no token.
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (SECRET_NAME.test(name)) return REDACTED;
  return typeof value === 'string' ? safeText(value) : value.slice(0, LIST_ITEMS_MAX).map(safeText);
}

/** The fields as they may be printed: bounded, escaped, without secrets. Undefined ones are left out. */
export const safeFields = (fields: LogFields): Record<string, Exclude<Value, undefined>> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .slice(0, FIELDS_MAX)
      .map(([name, value]) => [name, safeValue(name, value)]),
  );

/** The name of what happened: ours, yet bounded like all else. */
export const safeEvent = (event: string): string => safeText(event);
