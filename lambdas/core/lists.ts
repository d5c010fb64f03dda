/** Slices of at most `sizeMax`. */
export function chunks<T>(items: readonly T[], sizeMax: number): T[][] {
  const slices: T[][] = [];
  for (let from = 0; from < items.length; from += sizeMax) slices.push(items.slice(from, from + sizeMax));
  return slices;
}
