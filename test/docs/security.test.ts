/** Goal: docs/security.md claims no test that is not there. Method: each row's file is read, and must hold the quoted words. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const attacks = page.slice(page.indexOf('## Attacks'));
const rows = [...attacks.matchAll(/^\| (\d[\d–bcd]*) \| (.+) \| (.+) \| (.*) ?\|$/gm)].map(
  ([, number = '', attack = '', defence = '', shown = '']) => ({ number, attack, defence, shown }),
);

describe('docs/security.md', () => {
  it('has a row for each attack, numbered once', () => {
    const numbers = rows.map(({ number }) => number);
    expect(numbers.length).toBe(new Set(numbers).size);
    for (let n = 1; n <= 56; n += 1)
      expect(numbers.some((one) => one === String(n) || (one === '36–38' && n >= 36 && n <= 38))).toBe(true);
  });

  it.each(rows)(
    'names a test of attack $number that is there, or says why there is none',
    ({ defence, shown }) => {
      if (shown.trim() === '') {
        expect(defence).toMatch(/\*(replaced|accepted|open)\*/);
        return;
      }
      const [, file = '', title = ''] = /^`([^`]+)` "([^"]+)"/.exec(shown.trim()) ?? [];
      expect(existsSync(join(ROOT, file))).toBe(true);
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(title);
    },
  );
});
