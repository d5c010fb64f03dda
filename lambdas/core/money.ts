/** Dollars as whole micro-dollars; the one place where dollars are rounded. */
export const microUsd = (usd: number): number => Math.round(usd * 1_000_000);

/**
 * Splits a whole number by whole weights so that the parts add up to it, exactly: each part is rounded down, and what is
 * left goes one by one to the largest remainders (ties: the first). Without any weight the first part gets all.
 */
export function split(total: number, weights: readonly number[]): readonly number[] {
  // Products of money and milliseconds outgrow what a double holds exactly.
  const sum = weights.reduce((all, one) => all + BigInt(one), 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0));
  const products = weights.map((weight) => BigInt(total) * BigInt(weight));
  const parts = products.map((product) => Number(product / sum));
  const left = total - parts.reduce((all, one) => all + one, 0);
  const byRemainder = products
    .map((product, index) => ({ index, remainder: product % sum }))
    .toSorted((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    );
  const lucky = new Set(byRemainder.slice(0, left).map(({ index }) => index));
  return parts.map((part, index) => part + (lucky.has(index) ? 1 : 0));
}
