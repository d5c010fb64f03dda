import { matches } from './patterns.ts';

/** GitHub reads the first of these that exists. */
export const CODEOWNERS_PATHS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const;
/** GitHub ignores a larger file (docs.github.com, about code owners: 3 MB). */
const BYTES_MAX = 3_000_000;

/**
 * The owners that a CODEOWNERS file names for a path: the last line that matches decides, also when it names nobody.
 * Empty when none does. A line with what GitHub refuses (`!`, character ranges, an escaped `#`) is skipped, as there.
 */
export function ownersOf(text: string, path: string): readonly string[] {
  if (text.length > BYTES_MAX) return [];
  let owners: readonly string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [pattern, ...named] = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    if (pattern === undefined || pattern === '' || /^!|[[\]]|^\\#/.test(pattern)) continue;
    if (covers(pattern, path)) owners = named;
  }
  return owners;
}

/** As .gitignore reads it: without a slash inside it holds at any depth; a folder covers what is below it. */
function covers(pattern: string, path: string): boolean {
  const isAnchored = pattern.slice(0, -1).includes('/');
  const isFolder = pattern.endsWith('/');
  const bare = pattern.replace(/^\//, '').replace(/\/$/, '');
  const parts = path.split('/');
  const starts = isAnchored ? [0] : parts.map((_, n) => n);
  return starts.some((start) =>
    parts.some((_, end) => {
      const isWhole = end === parts.length - 1;
      if (end < start || (isFolder && isWhole)) return false;
      // `dir/*` covers the files of a folder and nothing deeper.
      if (!isWhole && bare.endsWith('/*')) return false;
      return matches(bare, parts.slice(start, end + 1).join('/'));
    }),
  );
}
