import { describe, expect, it } from '@jest/globals';
import { systemDice } from '../../lambdas/adapters/system.ts';
import { createSeededDice } from '../../local/memory/seeded-dice.ts';

describe.each([
  ['the dice of the machine', () => systemDice],
  ['seeded dice', () => createSeededDice('seed')],
] as const)('%s', (_what, make) => {
  it('draw letters and digits of every kind, as many as asked', () => {
    const dice = make();
    const drawn = dice.letters(5_000);
    expect(drawn).toMatch(/^[a-z0-9]{5000}$/);
    expect(new Set(drawn).size).toBe(36);
    expect(dice.letters(0)).toBe('');
  });

  it('draw secrets of 43 characters that never repeat', () => {
    const dice = make();
    const secrets = Array.from({ length: 100 }, () => dice.secret());
    for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(secrets).size).toBe(100);
  });

  it('draw fractions from 0 up to but not including 1', () => {
    const dice = make();
    for (let n = 0; n < 1_000; n++) {
      const fraction = dice.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
  });
});

describe('seeded dice', () => {
  it('repeat themselves for the same seed and differ for another', () => {
    const draw = (seed: string) => createSeededDice(seed).letters(40);
    expect(draw('a')).toBe(draw('a'));
    expect(draw('a')).not.toBe(draw('b'));
  });
});
