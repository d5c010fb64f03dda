import type * as z from 'zod';

export type Path = readonly (string | number)[];

/** One thing that is wrong in mayfly.yaml. */
export interface Problem {
  readonly path: Path;
  readonly wanted: string;
  readonly got: string;
  readonly todo: string;
}

/** More of a value than this many characters explains nothing. */
const SHOWN_CHARS_MAX = 60;

/** A value as a complaint shows it. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= SHOWN_CHARS_MAX ? json : `${json.slice(0, SHOWN_CHARS_MAX)}…`;
}

/** What an error says, also when it comes from another realm or is no Error at all. */
export const messageOf = (error: unknown): string => String(Reflect.get(Object(error), 'message') ?? error);

/** `pools.linux-x64.labels[0]`; the file itself is the empty path. */
export function spelled(path: Path): string {
  return path.reduce<string>((so, key) => {
    if (typeof key === 'number') return `${so}[${key}]`;
    return so === '' ? key : `${so}.${key}`;
  }, '');
}

export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    root,
  );
}

/** What the schema found, as problems of this file. `root` is the value that was checked. */
export function schemaProblems(error: z.ZodError, root: unknown): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key]));
    }
    if (issue.code === 'invalid_key') {
      const wanted = issue.issues[0]?.message ?? 'another name';
      return [{ path, wanted, got: shown(path.at(-1)), todo: 'rename it' }];
    }
    const value = valueAt(root, path);
    const wanted = issue.code === 'invalid_type' ? wantedType(issue) : issue.message;
    return [{ path, wanted, got: shown(value), todo: value === undefined ? 'add it' : 'correct it' }];
  });
}

const unknownKey = (path: Path): Problem => ({
  path,
  wanted: 'only keys that Mayfly knows',
  got: shown(path.at(-1)),
  todo: 'remove it, or mend its spelling (docs/mayfly.schema.json lists the keys)',
});

/** Checks of our own say what they want; for plain objects the library's message is replaced. */
const wantedType = (issue: z.core.$ZodIssueInvalidType): string =>
  issue.expected === 'object' || issue.expected === 'record' ? 'a mapping of keys to values' : issue.message;
