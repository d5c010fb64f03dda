import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { compile, type MayflyConfig } from './compile.ts';
import { poolProblems } from './pool-checks.ts';
import { messageOf, type Problem, schemaProblems, spelled, valueAt } from './problem.ts';
import { githubSchema, mayflySchema, networkSchema } from './schema.ts';
import { networkProblems, poolCountProblems, scopeProblems } from './scope-checks.ts';
import { type TrustPart, trustPart, trustProblems } from './trust-checks.ts';
import { parseYaml } from './yaml.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: MayflyConfig }
  /** Every problem at once, one sentence each: "where: wanted this, got that; do so". */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads and checks a configuration file. */
export function readConfig(path: string): ConfigResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const todo = 'create it, or name another with "-c config=PATH"';
    return {
      ok: false,
      problems: [`${path}: wanted a configuration file, got ${messageOf(error)}; ${todo}`],
    };
  }
  return parseConfig(text, basename(path));
}

/** Checks a configuration given as text; `fileName` is only how the problems call it. */
export function parseConfig(text: string, fileName = 'mayfly.yaml'): ConfigResult {
  const say = (problem: Problem, line: number | undefined): string => {
    const file = line === undefined ? fileName : `${fileName}:${line}`;
    const where = problem.path.length === 0 ? file : `${file} ${spelled(problem.path)}`;
    return `${where}: wanted ${problem.wanted}, got ${problem.got}; ${problem.todo}`;
  };
  const parsed = parseYaml(text);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map((p) => say(p.problem, p.line)) };

  const { value, lineOf } = parsed.document;
  const checked = mayflySchema.safeParse(value);
  const problems = [...(checked.success ? [] : schemaProblems(checked.error, value)), ...ruleProblems(value)];
  if (checked.success && problems.length === 0) return { ok: true, config: compile(checked.data) };
  const placed = problems.map((problem) => ({ problem, line: lineOf(problem.path) }));
  placed.sort((a, b) => a.line - b.line);
  return { ok: false, problems: [...new Set(placed.map((p) => say(p.problem, p.line)))] };
}

/** The rules between fields, applied to every part that is itself well formed, so that one mistake hides no other. */
function ruleProblems(value: unknown): Problem[] {
  const entries = Object.entries(Object(valueAt(value, ['pools'])));
  const pools = new Map<string, TrustPart>();
  for (const [name, pool] of entries) {
    const checked = trustPart.safeParse(pool);
    if (checked.success) pools.set(name, checked.data);
  }
  const network = networkSchema.safeParse(valueAt(value, ['network']) ?? {});
  const scope = githubSchema.shape.scope.safeParse(valueAt(value, ['github', 'scope']));
  return [
    ...(valueAt(value, ['pools']) === undefined ? [] : poolCountProblems(entries.length)),
    ...entries.flatMap(([name, pool]) => poolProblems(name, pool)),
    ...trustProblems(pools),
    ...(network.success ? networkProblems(network.data) : []),
    ...(scope.success ? scopeProblems({ scope: scope.data }, pools) : []),
  ];
}
