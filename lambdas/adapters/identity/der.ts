/** The few forms of BER (X.690) that the envelope of an identity document is made of. */
export const TAG = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  /** An octet string made of octet strings. */
  octetStrings: 0x24,
  /** Context-specific and constructed: `[0]`, `[1]`. */
  context0: 0xa0,
  context1: 0xa1,
} as const;

const LENGTH_INDEFINITE = 0x80;
const END_OF_CONTENTS = Buffer.from([0, 0]);

/** Tag, shortest definite length, contents. */
export function definite(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(contents.length), contents]);
}

/** Tag, the octet that announces no length, contents, end of contents. */
export function indefinite(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([tag, LENGTH_INDEFINITE]), ...parts, END_OF_CONTENTS]);
}

/** An object identifier from its dotted form, such as `1.2.840.113549`. */
export function objectId(dotted: string): Buffer {
  const [root = 0, branch = 0, ...arcs] = dotted.split('.').map(Number);
  return definite(TAG.objectId, Buffer.from([root * 40 + branch, ...arcs.flatMap(base128)]));
}

export interface Element {
  readonly contents: Uint8Array;
  /** Tag, length and contents. */
  readonly whole: Uint8Array;
}

/**
 * The elements of definite length that stand one after another from `at`, as long as `wanted` says so of
 * their tags. Lengths that lead beyond the end are cut there: a caller must not take what it read for well
 * formed.
 */
export function elementsFrom(
  octets: Uint8Array,
  at: number,
  wanted: (tag: number | undefined) => boolean = () => true,
): Element[] {
  const elements: Element[] = [];
  for (let start = at; start < octets.length && wanted(octets[start]); ) {
    const first = octets[start + 1] ?? 0;
    const contentsAt = start + (first < LENGTH_INDEFINITE ? 2 : 2 + (first & 0x7f));
    const length = octets.subarray(start + 2, contentsAt).reduce((sum, octet) => sum * 256 + octet, 0);
    const end = contentsAt + (first < LENGTH_INDEFINITE ? first : length);
    elements.push({ contents: octets.subarray(contentsAt, end), whole: octets.subarray(start, end) });
    start = end;
  }
  return elements;
}

/** Up to 127 the length itself; above, the count of its octets with the high bit set, then those octets. */
function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  return Buffer.from([0x82, length >> 8, length & 0xff]);
}

/** Seven bits to the octet, the high bit on all but the last. */
function base128(arc: number): number[] {
  const octets = [arc & 0x7f];
  for (let rest = arc >> 7; rest > 0; rest >>= 7) octets.unshift((rest & 0x7f) | 0x80);
  return octets;
}
