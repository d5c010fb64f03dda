import { createHash } from 'node:crypto';

/** Keyed chance: a number from 0 up to 1 for a key. A pure function, so that one draw never moves another. */
export type Draw = (key: string) => number;

/** Draws by a 64-bit mix of seed and key: fast and well spread, not secret. */
export function seededDraw(seed: string | number): Draw {
  const prefix = `${seed}\n`;
  return (key) => {
    let high = 0xdeadbeef;
    let low = 0x41c6ce57;
    for (const text of [prefix, key]) {
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        high = Math.imul(high ^ unit, 2654435761);
        low = Math.imul(low ^ unit, 1597334677);
      }
    }
    high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
    // 53 bits: all that a double between 0 and 1 can hold.
    return (2 ** 21 * (low >>> 0) + (high >>> 11)) / 2 ** 53;
  };
}

/** A whole number from 0 up to, not including, `count`. */
export const drawIndex = (draw: Draw, key: string, count: number): number => Math.floor(draw(key) * count);

/** A duration between the two bounds, in whole milliseconds. */
export const drawMs = (draw: Draw, key: string, bounds: { minMs: number; maxMs: number }): number =>
  bounds.minMs + drawIndex(draw, key, bounds.maxMs - bounds.minMs + 1);

/** Bytes that look random and follow from the draw: keys, tokens and ids of this model, never of a real service. */
export const drawBytes = (draw: Draw, key: string, length: number): Buffer =>
  createHash('shake256', { outputLength: length })
    .update(`${draw(key)}\n${key}`)
    .digest();

/** Hex digits that one draw gives: 52 of its bits. */
const DIGITS_PER_DRAW = 13;

/** Hex digits for ids that need not be secret: much cheaper than bytes. */
export function drawHex(draw: Draw, key: string, length: number): string {
  let hex = '';
  for (let i = 0; hex.length < length; i++) {
    hex += Math.floor(draw(`${key}.${i}`) * 2 ** 52)
      .toString(16)
      .padStart(DIGITS_PER_DRAW, '0');
  }
  return hex.slice(0, length);
}

/** A version-4 shaped GUID. */
export function drawGuid(draw: Draw, key: string): string {
  const hex = drawHex(draw, key, 30);
  const [time, mid, rest, clock] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 15), hex.slice(15, 18)];
  return `${time}-${mid}-4${rest}-a${clock}-${hex.slice(18)}`;
}
