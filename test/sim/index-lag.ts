import { between, fractionOf, hashText, mix } from './draws.ts';
import type { FaultBook } from './fault-book.ts';

/** Global indexes of DynamoDB follow within a second as a rule, and within this when they are ill. */
const LAG_MS = { usual: 600, illMin: 2_000, illMax: 45_000 };

/** How late the indexes show a write. */
export const indexLag =
  (book: FaultBook, seed: number) =>
  (key: string, rev: number): number => {
    const hash = mix(mix(seed, hashText(key)), rev);
    const isIll = book.strikes('index-lag', 'demand', { key: hash, call: 0, name: `${key}.${rev}` });
    const fraction = fractionOf(mix(hash, 1));
    return isIll
      ? between(fraction, LAG_MS.illMin, LAG_MS.illMax)
      : Math.floor(fraction * fraction * LAG_MS.usual);
  };
