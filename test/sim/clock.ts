/** What happens at a moment of virtual time. */
export type Thunk = () => void;

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly thunk: Thunk;
}

/** Who has something to do by itself at a time of its own: the models of GitHub and EC2. */
export interface Source {
  nextAt(): number | undefined;
  run(now: number): void;
}

/** Virtual time: events by time, and by order of entry at equal times. */
export interface Scheduler {
  /** Epoch ms. */
  readonly now: number;
  /** Events handled so far. */
  readonly events: number;
  /** Order-sensitive digest of all that happened; equal seeds give equal digests. */
  readonly trace: number;
  at(at: number, thunk: Thunk): void;
  after(ms: number, thunk: Thunk): void;
  /** Said by an event that started or resolved a promise: no other event runs before all microtasks have. */
  touch(): void;
  /** Folds something that happened into the trace. */
  note(value: number): void;
  /** No event is handled any more: what was looked for has been found. */
  stop(): void;
  /** Handles all events up to and including `until`; rejects with what an event threw. */
  runUntil(until: number): Promise<void>;
}

/**
 * Immediates armed at a time. Node drains all microtasks between two of them (since version 11), and arming several spares
 * a turn of the event loop for each.
 */
const ARMED = 64;

export function createScheduler(
  startAt: number,
  parts: {
    readonly sources: readonly Source[];
    /** Asked before each event: what the last one brought about at once. */
    readonly before: () => void;
  },
): Scheduler {
  const { sources, before } = parts;
  const heap: Entry[] = [];
  let order = 0;
  let now = startAt;
  let events = 0;
  let trace = 0x811c9dc5;
  let isTouched = false;
  let isStopped = false;
  const note = (value: number): void => {
    trace = Math.imul(trace ^ (value | 0), 0x01000193) >>> 0;
  };
  const at = (time: number, thunk: Thunk): void => {
    order += 1;
    rise(heap, { at: Math.max(time, now), order, thunk });
  };
  /** Handles the earliest event; false when there is none up to `until`. At equal times the models come first. */
  const handle = (until: number): boolean => {
    if (isStopped) return false;
    let dueAt = heap[0]?.at ?? Number.POSITIVE_INFINITY;
    let source: Source | undefined;
    for (const one of sources) {
      const at = one.nextAt();
      if (at === undefined || at > dueAt || (source !== undefined && at === dueAt)) continue;
      dueAt = at;
      source = one;
    }
    if (dueAt > until || dueAt === Number.POSITIVE_INFINITY) return false;
    if (dueAt > now) now = dueAt;
    events += 1;
    note(now);
    if (source === undefined) takeTop(heap)?.thunk();
    else source.run(now);
    return true;
  };
  /** Handles events until one touched a promise; false when none is left up to `until`. */
  const step = (until: number): boolean => {
    isTouched = false;
    while (!isTouched) {
      before();
      if (!handle(until)) return false;
    }
    return true;
  };
  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    get trace() {
      return trace;
    },
    at,
    after: (ms, thunk) => at(now + ms, thunk),
    touch: () => {
      isTouched = true;
    },
    note,
    stop: () => {
      isStopped = true;
    },
    runUntil: (until) =>
      pump(step, until).then(() => {
        if (!isStopped) now = Math.max(now, until);
      }),
  };
}

/** Steps until nothing is left; between two steps the loop turns once, so that every microtask has run. */
function pump(step: (until: number) => boolean, until: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let armed = 0;
    const tick = (): void => {
      armed -= 1;
      if (!isOver) {
        try {
          isOver = !step(until);
          if (isOver) resolve();
        } catch (error) {
          isOver = true;
          reject(error);
        }
      }
      if (!isOver && armed === 0) arm();
    };
    const arm = (): void => {
      for (; armed < ARMED; armed += 1) setImmediate(tick);
    };
    arm();
  });
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function rise(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = entry;
}

function takeTop(heap: Entry[]): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    const leftIndex = 2 * index + 1;
    const left = heap[leftIndex];
    if (left === undefined) break;
    const right = heap[leftIndex + 1];
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = isRight ? leftIndex + 1 : leftIndex;
  }
  heap[index] = last;
  return top;
}
