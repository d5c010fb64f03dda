import { parentPort, workerData } from 'node:worker_threads';
import { noTotals, type Totals } from './campaign.ts';
import { simulate, type Verdict } from './simulate.ts';

/** The seeds of one worker. */
export interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly forMs: number | undefined;
}

/** Runs a share's seeds one after the other. */
export async function runShare(share: Share): Promise<Totals> {
  const totals = noTotals();
  const startedAt = performance.now();
  const busyAt = threadBusyMs();
  for (let seed = share.from; seed < share.to; seed += share.step) {
    if (share.forMs !== undefined && performance.now() - startedAt > share.forMs) break;
    count(totals, seed, await simulate({ seed }));
  }
  totals.busyMs = threadBusyMs() - busyAt;
  return totals;
}

function threadBusyMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function count(totals: Totals, seed: number, verdict: Verdict): void {
  totals.seeds += 1;
  totals.simulatedMs += verdict.simulatedMs;
  totals.jobs += verdict.jobs;
  totals.runners += verdict.runners;
  totals.events += verdict.events;
  for (const { kind, site } of verdict.fired) {
    const row = totals.faults[kind] ?? {};
    totals.faults[kind] = row;
    row[site] = (row[site] ?? 0) + 1;
  }
  for (const [name, times] of Object.entries(verdict.reached))
    totals.sometimes[name] = (totals.sometimes[name] ?? 0) + times;
  const [first] = verdict.violations;
  if (first !== undefined) totals.failures.push({ seed, rule: first.rule, what: first.what });
}

if (parentPort !== null && isShare(workerData)) {
  const port = parentPort;
  runShare(workerData).then((totals) => port.postMessage(totals));
}

function isShare(data: unknown): data is Share {
  return typeof data === 'object' && data !== null && 'from' in data && 'step' in data;
}
