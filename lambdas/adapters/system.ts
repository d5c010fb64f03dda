import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Dice } from '../ports/clock.ts';

/** The machine's clock: the only place where time is read. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await wait(ms);
  },
};

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** 256 bits: what a report token is worth guessing against. */
const SECRET_BYTES = 32;
/** Steps between 0 and 1: the most that `randomInt` draws from. */
const FRACTION_STEPS = 2 ** 32;

/** The machine's cryptographic source: the only place where chance comes from. */
export const systemDice: Dice = {
  letters: (length) => Array.from({ length }, () => LETTERS.charAt(randomInt(LETTERS.length))).join(''),
  secret: () => randomBytes(SECRET_BYTES).toString('base64url'),
  fraction: () => randomInt(FRACTION_STEPS) / FRACTION_STEPS,
};
