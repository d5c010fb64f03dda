import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Share } from './share.ts';
import { add, noTotals, type Totals } from './totals.ts';

export interface Spread extends Omit<Share, 'step'> {
  readonly workers: number | undefined;
}

export interface Spent extends Totals {
  /** Processor time of the whole process meanwhile, start of the threads and collection of garbage included. */
  readonly busyMs: number;
  readonly wallMs: number;
}

/** Runs a range on all cores; each thread takes every n-th. */
export async function spread({ workers, ...range }: Spread): Promise<Spent> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const threads = Math.max(1, Math.min(workers ?? availableParallelism(), range.to - range.from));
  const shares = Array.from(
    { length: threads },
    (_, n): Share => ({ ...range, from: range.from + n, step: threads }),
  );
  const parts = await Promise.all(shares.map(inWorker));
  const totals = parts.reduce(add, noTotals());
  totals.failures.sort((a, b) => a.seed - b.seed || (a.crashAt ?? 0) - (b.crashAt ?? 0));
  const { user, system } = process.cpuUsage(before);
  return { ...totals, busyMs: (user + system) / 1_000, wallMs: performance.now() - startedAt };
}

const inWorker = (share: Share): Promise<Totals> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./share.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) =>
      reject(new Error(`a thread of the campaign ended with code ${code} before its runs did`)),
    );
  });
