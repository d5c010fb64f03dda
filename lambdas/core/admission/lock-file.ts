import { parse } from 'yaml';
import * as z from 'zod/mini';

/** Where GitHub keeps the commits of a repository's actions (docs.github.com, workflow dependency lockfiles). */
export const LOCK_FILE_PATH = '.github/workflows/actions.lock';
const LOCK_BYTES_MAX = 1_000_000;

const lockFile = z.object({
  version: z.string().check(z.regex(/^v0\.0\.[12]$/)),
  workflows: z.record(z.string(), z.array(z.string())),
  dependencies: z.record(z.string(), z.object({ commit: z.string() })),
});

/**
 * Lower-case `owner/repo@ref` of the actions that GitHub runs at a recorded commit in this workflow. Empty when the lock
 * file does not name the workflow, or is of a form that is not understood: then nothing is taken for fixed.
 */
export function lockedActionsOf(text: string, workflowPath: string): readonly string[] {
  if (text.length > LOCK_BYTES_MAX) return [];
  const read = lockFile.safeParse(yamlOf(text));
  if (!read.success) return [];
  const { workflows, dependencies } = read.data;
  const named = Object.hasOwn(workflows, workflowPath) ? (workflows[workflowPath] ?? []) : [];
  return named
    .filter(
      (name) =>
        Object.hasOwn(dependencies, name) && /^sha1-[0-9a-f]{40}$/.test(dependencies[name]?.commit ?? ''),
    )
    .map((name) => name.toLowerCase().slice(0, 300));
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
