/** Chance as an argument: the same key always gives the same number in [0, 1). */
export type Draw = (key: string) => number;

/** A span from which a duration is drawn evenly, both ends included, in milliseconds. */
export type RangeMs = { readonly minMs: number; readonly maxMs: number };

/** A whole number of milliseconds; a range of one value draws nothing. */
export function drawMs(draw: Draw, key: string, range: RangeMs): number {
  const spread = range.maxMs - range.minMs;
  return spread <= 0 ? range.minMs : range.minMs + Math.floor(draw(key) * (spread + 1));
}

/** Whether a fault strikes; shares of 0 and 1 draw nothing, so that a quiet knob leaves no trace. */
export function strikes(draw: Draw, key: string, share: number): boolean {
  if (share <= 0) return false;
  return share >= 1 || draw(key) < share;
}

/** A ready-made keyed draw. Equal seeds give equal worlds, on every machine. */
export const keyedDraw =
  (seed: string): Draw =>
  (key) =>
    hash32(`${seed}/${key}`, 0) / 2 ** 32;

/** Lower-case hex digits that depend on the text alone: ids in the model are names, never secrets. */
export function hexOf(text: string, digits: number): string {
  let hex = '';
  for (let part = 0; hex.length < digits; part++) hex += hash32(text, part).toString(16).padStart(8, '0');
  return hex.slice(0, digits);
}

export function uuidOf(text: string): string {
  const hex = hexOf(text, 32);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return `${parts.join('-')}-${hex.slice(20)}`;
}

/** FNV-1a with a final avalanche (the mixer of MurmurHash3), so that neighbouring keys draw independently. */
function hash32(text: string, salt: number): number {
  let hash = (0x811c9dc5 ^ Math.imul(salt + 1, 0x9e3779b1)) | 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
