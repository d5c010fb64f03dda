/** Things that become due, earliest first; equal times keep the order in which they were pushed. */
export interface Heap<T> {
  push(at: number, item: T): void;
  /** The earliest time in the heap; undefined when it is empty. */
  peekAt(): number | undefined;
  /** Removes and returns the earliest thing due at `now` or before. */
  popDue(now: number): { readonly at: number; readonly item: T } | undefined;
}

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

const isBefore = <T>(a: Entry<T>, b: Entry<T>) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap: n pushes and pops cost n log n. */
export function createHeap<T>(): Heap<T> {
  const entries: Entry<T>[] = [];
  let order = 0;
  return {
    push: (at, item) => {
      order += 1;
      rise(entries, { at, order, item });
    },
    peekAt: () => entries[0]?.at,
    popDue: (now) => {
      const first = entries[0];
      if (first === undefined || first.at > now) return undefined;
      const last = entries.pop();
      if (last !== undefined && entries.length > 0) sink(entries, last);
      return first;
    },
  };
}

function rise<T>(entries: Entry<T>[], entry: Entry<T>): void {
  let index = entries.length;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = entries[parentIndex];
    if (parent === undefined || !isBefore(entry, parent)) break;
    entries[index] = parent;
    index = parentIndex;
  }
  entries[index] = entry;
}

function sink<T>(entries: Entry<T>[], entry: Entry<T>): void {
  let index = 0;
  for (;;) {
    const leftIndex = 2 * index + 1;
    const left = entries[leftIndex];
    if (left === undefined) break;
    const right = entries[leftIndex + 1];
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, entry)) break;
    entries[index] = child;
    index = isRight ? leftIndex + 1 : leftIndex;
  }
  entries[index] = entry;
}
