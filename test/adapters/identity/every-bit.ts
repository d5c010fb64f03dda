/**
 * A worker thread: flips each bit of its share of the genuine document and counts the verdicts. A thread of
 * its own, because inside jest's module sandbox the CMS library runs four times slower.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { genuine, verdictOn } from './fixtures.ts';

export type Share = { readonly first: number; readonly every: number };

const { first, every }: Share = workerData;
const verdicts: Record<string, number> = {};
for (let bit = first; bit < genuine.bytes.length * 8; bit += every) {
  const changed = Buffer.from(genuine.bytes);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  const verdict = await verdictOn(changed);
  verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
}
parentPort?.postMessage(verdicts);
