/** Runs `work` over all items, at most `widthMax` at once, and keeps the order of the answers. */
export async function inParallel<T, R>(
  items: readonly T[],
  widthMax: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = new Array(items.length);
  let next = 0;
  const walk = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) answers[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(widthMax, items.length) }, walk));
  return answers;
}

/** Ledger writes in flight at once from one function: far below DynamoDB's limits, enough to hide its latency. */
export const LEDGER_WIDTH = 16;
/** GitHub look-ups in flight at once; GitHub allows 100 concurrent requests in all (github-protocol §5.1). */
export const GITHUB_WIDTH = 8;
