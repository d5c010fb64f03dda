import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { ContainerSurroundings, FunctionSpec } from './environment.ts';
import { type InvokeOutcome, platformFailure } from './outcome.ts';
import { type Container, spawnContainer } from './spawn-container.ts';

/** The execution environments of one function. */
export type ContainerPool = {
  /**
   * Runs the event on an idle or a new container, else waits in line. `isStale` is asked when its turn comes: a stale
   * event is not run (`expired`).
   */
  run(event: string, isStale?: () => boolean): Promise<InvokeOutcome>;
  /** Ends containers at once: all, or the one with this access key. Their invocations fail as crashes. */
  kill(accessKeyId?: string): number;
  /** Containers started so far. */
  coldStarts(): number;
  close(): Promise<void>;
};

/** What waits for a container is held in memory; Lambda would answer 429 long before, at its account limit of 1,000. */
const WAITING_MAX = 1000;

/** Containers of one function: those that run, and those who wait for one. */
type Stock = {
  /** An idle container or a new one, else the next that becomes free; undefined when the stock is closed. */
  acquire(): Promise<Container | undefined>;
  release(container: Container): void;
  alive(): readonly Container[];
  waiting(): number;
  close(): Promise<void>;
};

function createStock(containersMax: number, start: () => Container): Stock {
  const all = new Set<Container>();
  const idle: Container[] = [];
  const waiting: ((container: Container | undefined) => void)[] = [];
  let closed = false;

  const startNext = (): Container => {
    const container = start();
    all.add(container);
    return container;
  };
  return {
    acquire: async () => {
      if (closed) return undefined;
      for (let found = idle.pop(); found !== undefined; found = idle.pop()) {
        if (found.isAlive()) return found;
        all.delete(found);
      }
      if (all.size < containersMax) return startNext();
      return new Promise((resolve) => waiting.push(resolve));
    },
    release: (container) => {
      const usable = container.isAlive();
      if (!usable) all.delete(container);
      if (closed) return;
      const next = waiting.shift();
      if (next) next(usable ? container : startNext());
      else if (usable) idle.push(container);
    },
    alive: () => [...all].filter((one) => one.isAlive()),
    waiting: () => waiting.length,
    close: async () => {
      closed = true;
      for (const resolve of waiting.splice(0)) resolve(undefined);
      const ending = [...all];
      for (const container of ending) container.kill();
      await Promise.all(ending.map((container) => container.exited));
    },
  };
}

/** No container is started before the first invocation; once started they are reused until the end. */
export function createContainerPool(
  spec: FunctionSpec,
  surroundings: ContainerSurroundings,
  logPath: string,
): ContainerPool {
  const logFd = openSync(logPath, 'a');
  let started = 0;
  let closing: Promise<void> | undefined;
  const stock = createStock(spec.containersMax, () => {
    started += 1;
    return spawnContainer(spec, surroundings, { n: started, logFd });
  });
  const run = async (event: string, isStale: () => boolean = () => false): Promise<InvokeOutcome> => {
    const requestId = randomUUID();
    const say = (fault: 'throttled' | 'expired' | 'closed', type: string, message: string) =>
      platformFailure(fault, requestId, { type, message });
    if (stock.waiting() >= WAITING_MAX) {
      return say(
        'throttled',
        'TooManyRequestsException',
        `${WAITING_MAX} invocations of ${spec.name} wait already`,
      );
    }
    const container = await stock.acquire();
    if (container === undefined) return say('closed', 'Closed', 'the local stack is being closed');
    try {
      if (isStale()) return say('expired', 'EventAgeExceeded', 'the event is older than it may be');
      return await container.invoke(requestId, event);
    } finally {
      stock.release(container);
    }
  };
  return {
    run,
    kill: (accessKeyId) => {
      const hit = stock.alive().filter((one) => (accessKeyId ?? one.accessKeyId) === one.accessKeyId);
      for (const container of hit) container.kill();
      return hit.length;
    },
    coldStarts: () => started,
    close: () => {
      closing ??= stock.close().then(() => closeSync(logFd));
      return closing;
    },
  };
}
