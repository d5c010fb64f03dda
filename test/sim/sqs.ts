import { between, hashText } from './draws.ts';
import type { Sim } from './sim.ts';

/** A message as its function gets it. */
export interface Message {
  readonly messageId: string;
  readonly body: string;
  /** What it is about, stable under other faults. */
  readonly name: string;
  /** How often it was received before, this time included. */
  receives: number;
  /** A second delivery of a message that the queue delivers anyhow: it is not delivered a third time for its own sake. */
  readonly isTwin: boolean;
}

interface Kept extends Message {
  isDeleted: boolean;
}

/** At-least-once, in no order, with visibility, redelivery and a dead-letter queue; fed to a function batch by batch. */
export interface Queue {
  send(name: string, body: string): void;
  readonly parked: readonly Message[];
  /** Messages that are not settled. */
  readonly length: number;
}

export interface QueueOptions {
  readonly name: 'jobs' | 'instances';
  readonly receivesMax: number;
  readonly concurrencyMax: number;
  /** Answers with the ids of messages to deliver again; undefined: the function died. */
  readonly work: (batch: readonly Message[], done: (failed: readonly string[] | undefined) => void) => void;
}

const VISIBILITY_MS = 90_000;
const WINDOW_MS = 1_000;
const BATCH_MAX = 100;
const LATE_MAX_MS = 5 * 60_000;

/** The queue and its poller; `sim` is asked late, since both know each other. */
export function createQueue(
  sim: () => Pick<Sim, 'clock' | 'book' | 'draw' | 'tell'>,
  options: QueueOptions,
): Queue {
  const visible: Kept[] = [];
  const parked: Message[] = [];
  let sent = 0;
  let inFlight = 0;
  let isGathering = false;
  let alive = 0;

  const strikes = (kind: string, message: Kept): boolean => {
    const key = hashText(message.name);
    return sim().book.strikes(kind, options.name, { key, call: message.receives, name: message.name });
  };
  const appear = (message: Kept, afterMs: number): void =>
    sim().clock.after(afterMs, () => {
      visible.push(message);
      gather();
    });
  const gather = (): void => {
    if (isGathering || visible.length === 0 || inFlight >= options.concurrencyMax) return;
    isGathering = true;
    sim().clock.after(WINDOW_MS, () => {
      isGathering = false;
      deliver(takeBatch());
      gather();
    });
  };
  /** In an order of its own: a standard queue promises none. */
  const takeBatch = (): Kept[] => {
    const order = (message: Kept): number => hashText(`${message.name}/${message.receives}`);
    const batch = visible.splice(0, visible.length).sort((a, b) => order(a) - order(b));
    visible.push(...batch.splice(BATCH_MAX));
    return batch.filter((message) => !isParked(message));
  };
  const isParked = (message: Kept): boolean => {
    message.receives += 1;
    if (message.isTwin || message.receives <= options.receivesMax) return false;
    message.isDeleted = true;
    alive -= 1;
    parked.push(message);
    sim().tell({ kind: 'parked', queue: options.name, body: message.body });
    return true;
  };
  const deliver = (batch: readonly Kept[]): void => {
    if (batch.length === 0) return;
    inFlight += 1;
    for (const message of batch) {
      if (message.isTwin || !strikes('message-doubled', message)) continue;
      const afterMs = between(sim().draw(`twin ${message.name}.${message.receives}`), 0, VISIBILITY_MS);
      appear({ ...message, isTwin: true }, afterMs);
    }
    sim().clock.touch();
    options.work(batch, (failed) => {
      inFlight -= 1;
      settle(batch, failed);
      gather();
    });
  };
  const settle = (batch: readonly Kept[], failed: readonly string[] | undefined): void => {
    const again = new Set(failed ?? batch.map(({ messageId }) => messageId));
    for (const message of batch) {
      if (message.isTwin) continue;
      if (again.has(message.messageId)) appear(message, VISIBILITY_MS);
      else remove(message);
    }
  };
  const remove = (message: Kept): void => {
    message.isDeleted = true;
    alive -= 1;
    sim().tell({ kind: 'acked', queue: options.name, body: message.body });
  };
  return {
    send: (name, body) => {
      sent += 1;
      alive += 1;
      const message: Kept = {
        messageId: String(sent),
        name,
        body,
        receives: 0,
        isDeleted: false,
        isTwin: false,
      };
      const isLate = strikes('message-late', message);
      appear(message, isLate ? between(sim().draw(`late ${name}`), 1_000, LATE_MAX_MS) : 5);
    },
    parked,
    get length() {
      return alive;
    },
  };
}
