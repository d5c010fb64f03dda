/** `*` is any text without a slash, `**` any text, everything else itself. Linear in the text: no pattern can make it slow. */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.split(/(\*\*|\*)/);
  // The set of places in the text that the parts so far can end at; each part moves all of them at once.
  let ends = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    for (const end of ends) for (const place of after(part, text, end)) next.add(place);
    if (next.size === 0) return false;
    ends = next;
  }
  return ends.has(text.length);
}

function after(part: string, text: string, from: number): readonly number[] {
  if (part !== '*' && part !== '**') return text.startsWith(part, from) ? [from + part.length] : [];
  const slash = part === '*' ? text.indexOf('/', from) : -1;
  const until = slash === -1 ? text.length : slash;
  return Array.from({ length: until - from + 1 }, (_, n) => from + n);
}

export const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => matches(pattern, text));
