import { LineCounter, parseDocument } from 'yaml';
import { messageOf, type Path, type Problem } from './problem.ts';

/** A configuration of 20 pools has some 20 kB; what is larger is not one. */
export const BYTES_MAX = 256 * 1024;
/** Our deepest value lies 5 levels down (pools, name, image, ssm). It also ends a walk through cyclic aliases. */
const DEPTH_MAX = 10;
/** Aliases multiply; a handful serves to share lists between pools. */
const ALIASES_MAX = 50;
/** One slip can make the parser complain about everything after it. */
const ERRORS_MAX = 10;

export interface Document {
  readonly value: unknown;
  /** The line on which the value stands, or its nearest parent that exists; from 1. */
  lineOf(path: Path): number;
}

export type Parsed =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly problems: readonly { line: number | undefined; problem: Problem }[] };

/** Parses YAML within bounds of size, depth and aliases. */
export function parseYaml(text: string): Parsed {
  if (Buffer.byteLength(text) > BYTES_MAX) {
    return failed('a file of at most 256 KiB', `${Buffer.byteLength(text)} bytes`, 'make it smaller');
  }
  const lines = new LineCounter();
  const read = attempt(() => parseDocument(text, { lineCounter: lines, schema: 'core', merge: false }));
  if (!read.ok) return failed('YAML', read.message, 'nest it less deeply');
  const document = read.value;
  if (document.errors.length > 0) {
    const problems = document.errors.slice(0, ERRORS_MAX).map((error) => ({
      line: lines.linePos(error.pos[0]).line,
      problem: { path: [], wanted: 'valid YAML', got: firstLine(error.message), todo: 'correct the syntax' },
    }));
    return { ok: false, problems };
  }
  const made = attempt((): unknown => document.toJS({ maxAliasCount: ALIASES_MAX }));
  if (!made.ok) return failed('few aliases', made.message, 'write the values out');
  const value = made.value;
  if (isDeeper(value, DEPTH_MAX)) {
    return failed(`at most ${DEPTH_MAX} levels`, 'deeper nesting', 'nest it less deeply');
  }
  const lineOf = (path: Path): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      const range = Reflect.get(Object(node), 'range');
      if (Array.isArray(range)) return lines.linePos(Number(range[0])).line;
    }
    return 1;
  };
  return { ok: true, document: { value, lineOf } };
}

const failed = (wanted: string, got: string, todo: string): Parsed => ({
  ok: false,
  problems: [{ line: undefined, problem: { path: [], wanted, got: firstLine(got), todo } }],
});

const firstLine = (text: string): string => text.split('\n', 1)[0]?.replace(/:$/, '') ?? '';

/** The parser throws on absurd nesting (it recurses) and on aliases that multiply: the author's problem, not our bug. */
function attempt<T>(work: () => T): { ok: true; value: T } | { ok: false; message: string } {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
