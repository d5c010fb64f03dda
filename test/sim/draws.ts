/** Chance in the simulation: pure functions of numbers, so that one draw never moves another. */

/** FNV-1a with a final avalanche: a 32-bit number that stands for a text. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return scramble(hash);
}

/** The final mixer of MurmurHash3: neighbouring numbers draw independently. */
function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Two 32-bit numbers become one. */
export const mix = (a: number, b: number): number => scramble(Math.imul(a ^ 0x9e3779b1, 0x01000193) ^ b);

/** A 32-bit number as a fraction in [0, 1). */
export const fractionOf = (hash: number): number => hash / 2 ** 32;

/** A fraction for a key, under a seed. */
export const drawOf =
  (seed: number) =>
  (key: string): number =>
    fractionOf(mix(seed, hashText(key)));

export type Draw = (key: string) => number;

/** A whole number from `min` to `max`, both included. */
export const between = (fraction: number, min: number, max: number): number =>
  min + Math.floor(fraction * (max - min + 1));

/** One of several; an empty list is a caller's bug. */
export function pick<T>(fraction: number, list: readonly T[]): T {
  const one = list[Math.floor(fraction * list.length)];
  if (one === undefined) throw new Error('pick: want at least one to pick from, got none');
  return one;
}
