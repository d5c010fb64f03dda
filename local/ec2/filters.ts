import type { Filter } from './describe-types.ts';
import { answered, type Ec2Answer, ec2Error, invalid, refused } from './errors.ts';

/** EC2's limit of values in one request. */
const VALUES_MAX = 200;

/** What one subject answers to a filter's name: its values, or undefined where it has none. */
export type Facts<S> = Readonly<Record<string, (subject: S) => string | undefined>>;

/** Tags of a subject, where it can be filtered by them. */
export type TagsOf<S> = (subject: S) => ReadonlyMap<string, string>;

/** One test for all filters of a request: a value of each must fit, with `*` and `?` as wildcards. */
export function matcher<S>(
  filters: readonly Filter[],
  known: { readonly facts: Facts<S>; readonly tags: TagsOf<S> },
): Ec2Answer<(subject: S) => boolean> {
  const tests: ((subject: S) => boolean)[] = [];
  const valuesCount = filters.reduce((sum, filter) => sum + (filter.Values?.length ?? 0), 0);
  if (valuesCount > VALUES_MAX) {
    return refused(
      ec2Error('FilterLimitExceeded', `want ${VALUES_MAX} filter values at most, got ${valuesCount}`),
    );
  }
  for (const { Name: name = '', Values: values = [] } of filters) {
    if (values.length === 0) return refused(invalid(`The filter '${name}' has no values`));
    const read = readerOf(name, known);
    if (read === undefined) return refused(invalid(`The filter '${name}' is invalid`));
    const fits = anyOf(values);
    tests.push((subject) => read(subject).some(fits));
  }
  return answered((subject) => tests.every((test) => test(subject)));
}

function readerOf<S>(
  name: string,
  { facts, tags }: { readonly facts: Facts<S>; readonly tags: TagsOf<S> },
): ((subject: S) => readonly string[]) | undefined {
  if (name === 'tag-key') return (subject) => [...tags(subject).keys()];
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (subject) => listOf(tags(subject).get(key));
  }
  const fact = Object.hasOwn(facts, name) ? facts[name] : undefined;
  return fact && ((subject) => listOf(fact(subject)));
}

const listOf = (value: string | undefined) => (value === undefined ? [] : [value]);

export const isPattern = (value: string): boolean => /[*?\\]/.test(value);

function anyOf(values: readonly string[]): (value: string) => boolean {
  const exact = new Set(values.filter((value) => !isPattern(value)));
  const patterns = values.filter(isPattern).map(patternOf);
  return (value) => exact.has(value) || patterns.some((pattern) => pattern.test(value));
}

/** A backslash takes the next character as it is. */
function patternOf(value: string): RegExp {
  const source = value.replace(/\\([\s\S])|([\s\S])/g, (_all, escaped: string | undefined, plain: string) => {
    if (escaped !== undefined) return literal(escaped);
    if (plain === '*') return '[\\s\\S]*';
    return plain === '?' ? '[\\s\\S]' : literal(plain);
  });
  return new RegExp(`^(?:${source})$`);
}

const literal = (character: string) => character.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');
