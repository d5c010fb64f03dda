/** What happens at a moment of virtual time. */
type Due = { readonly at: number; readonly order: number; readonly run: (at: number) => void };

/** Work by time, and by order of entry at equal times: a binary heap, so that a full day of instances stays cheap. */
export type Schedule = {
  add(at: number, run: (at: number) => void): void;
  /** Runs all that is due, oldest first; what this adds and is due too, runs as well. */
  runUntil(now: number): void;
  nextAt(): number | undefined;
};

export function createSchedule(): Schedule {
  const heap: Due[] = [];
  let order = 0;
  return {
    add: (at, run) => {
      heap.push({ at, order: order++, run });
      rise(heap);
    },
    runUntil: (now) => {
      for (let top = heap[0]; top !== undefined && top.at <= now; top = heap[0]) {
        removeTop(heap);
        top.run(top.at);
      }
    },
    nextAt: () => heap[0]?.at,
  };
}

const isBefore = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);

function rise(heap: Due[]): void {
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!swapIfBefore(heap, index, parent)) return;
    index = parent;
  }
}

function removeTop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const child = isChildBefore(heap, left + 1, left) ? left + 1 : left;
    if (child >= heap.length || !swapIfBefore(heap, child, index)) return;
    index = child;
  }
}

function isChildBefore(heap: readonly Due[], one: number, other: number): boolean {
  const [a, b] = [heap[one], heap[other]];
  return a !== undefined && b !== undefined && isBefore(a, b);
}

function swapIfBefore(heap: Due[], lower: number, upper: number): boolean {
  const [a, b] = [heap[lower], heap[upper]];
  if (a === undefined || b === undefined || !isBefore(a, b)) return false;
  heap[lower] = b;
  heap[upper] = a;
  return true;
}
