import { parentPort, workerData } from 'node:worker_threads';
import { type SimulateOptions, simulate } from './simulate.ts';
import { count, noTotals, type Totals } from './totals.ts';

/** The runs of one worker: every `step`-th of a range. */
export interface Share {
  /** `seed`: the range is one of seeds. `crashAt`: of the boundaries of port calls at which a function dies. */
  readonly over: 'seed' | 'crashAt';
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Take up no further run after so long. */
  readonly forMs: number | undefined;
  /** What is the same in all of them. */
  readonly options: Pick<SimulateOptions, 'jobs' | 'safetyMs' | 'calmMs' | 'isQuiet'> & {
    readonly seed?: number;
  };
}

/** Runs a share one after the other. */
export async function runShare({ over, from, to, step, forMs, options }: Share): Promise<Totals> {
  const totals = noTotals();
  const startedAt = performance.now();
  for (let at = from; at < to; at += step) {
    if (forMs !== undefined && performance.now() - startedAt > forMs) break;
    const run = over === 'seed' ? { seed: at } : { seed: options.seed ?? 1, crashAt: at };
    count(totals, await simulate({ ...options, ...run }), { crashAt: undefined, ...run });
  }
  return totals;
}

if (parentPort !== null && isShare(workerData)) {
  const port = parentPort;
  runShare(workerData).then((totals) => port.postMessage(totals));
}

function isShare(data: unknown): data is Share {
  return typeof data === 'object' && data !== null && 'over' in data && 'step' in data;
}
