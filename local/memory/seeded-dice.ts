import { createHash } from 'node:crypto';
import type { Dice } from '../../lambdas/ports/clock.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Chance that repeats: equal seeds give equal draws, in the order they are asked for. For tests and simulation only. */
export function createSeededDice(seed: string): Dice {
  let draws = 0;
  const next = () => createHash('sha256').update(`${seed}/${draws++}`).digest();
  const fraction = () => next().readUInt32BE(0) / 2 ** 32;
  return {
    fraction,
    letters: (length) =>
      Array.from({ length }, () => LETTERS.charAt(Math.floor(fraction() * LETTERS.length))).join(''),
    secret: () => next().toString('base64url'),
  };
}
