import { type Draw, strikes } from './draws.ts';
import type { Offer, Weather } from './options.ts';

/** How an offer is written in settings and fault ledgers: `m7i.large/us-east-1a/spot`. */
export const offerKey = ({ instanceType, zone, market }: Offer): string =>
  `${instanceType}/${zone}/${market}`;

/** A weather in which the named offers give nothing, for ever. */
export function exhausted(offers: readonly string[]): Weather {
  const out = new Set(offers);
  return { offer: (offer) => (out.has(offerKey(offer)) ? { instancesMax: 0 } : undefined) };
}

/** Capacity that comes and goes: each offer is out for whole spells of `spellMs`, for a share of all spells. */
export function changing(options: {
  readonly draw: Draw;
  readonly exhaustedShare: number;
  readonly spellMs: number;
}): Weather {
  const { draw, exhaustedShare, spellMs } = options;
  return {
    offer: (offer, now) => {
      const key = `weather/${offerKey(offer)}/${Math.floor(now / spellMs)}`;
      return strikes(draw, key, exhaustedShare) ? { instancesMax: 0 } : undefined;
    },
  };
}
