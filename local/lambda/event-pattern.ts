import { isObject, type Json, type JsonObject } from '../json.ts';

/**
 * EventBridge's content filtering, as far as it is used: exact values, prefix, anything-but, exists; nested objects and
 * arrays of values. Any other operator throws when the pattern is read, never when an event comes.
 */
export type Matcher = (event: JsonObject) => boolean;

type Test = (value: Json | undefined) => boolean;

/** Reads a pattern. Throws with the place and the operator that is not modelled. */
export function readPattern(pattern: Json, at = 'pattern'): Matcher {
  if (!isObject(pattern)) throw new Error(`${at}: want an object, got ${JSON.stringify(pattern)}`);
  const fields = Object.entries(pattern).map(([key, wanted]) => {
    if (key.startsWith('$')) throw new Error(`${at}: operator ${key} is not modelled locally`);
    const matches = readField(wanted, `${at}.${key}`);
    return (event: JsonObject) => matches(event[key]);
  });
  return (event) => fields.every((matches) => matches(event));
}

function readField(wanted: Json, at: string): Test {
  if (isObject(wanted)) {
    const nested = readPattern(wanted, at);
    // An absent object is as one with nothing in it: `exists: false` may still match.
    return (value) => nested(isObject(value) ? value : {});
  }
  if (!Array.isArray(wanted)) throw new Error(`${at}: want a list of values, got ${JSON.stringify(wanted)}`);
  const tests = wanted.map((one: Json) => readTest(one, at));
  return (value) => tests.some((test) => test(value));
}

/** A field that holds a list matches if any of its values does. */
const anyOf =
  (test: (value: Json) => boolean): Test =>
  (value) =>
    value !== undefined && (Array.isArray(value) ? value.some(test) : test(value));

function readTest(wanted: Json, at: string): Test {
  if (!isObject(wanted)) return anyOf((value) => value === wanted);
  const [operator = '', ...more] = Object.keys(wanted);
  const operand = wanted[operator];
  if (more.length === 0 && operator === 'prefix' && typeof operand === 'string') {
    return anyOf((value) => typeof value === 'string' && value.startsWith(operand));
  }
  if (more.length === 0 && operator === 'exists' && typeof operand === 'boolean') {
    return (value) => (value !== undefined) === operand;
  }
  if (more.length === 0 && operator === 'anything-but' && operand !== undefined && !isObject(operand)) {
    const refused = Array.isArray(operand) ? operand : [operand];
    return anyOf((value) => !refused.includes(value));
  }
  throw new Error(
    `${at}: ${JSON.stringify(wanted)} is not modelled locally; modelled: prefix, exists, anything-but`,
  );
}
