import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matches } from '../../../lambdas/core/admission/patterns.ts';

describe('a pattern', () => {
  it.each([
    ['main', 'main', true],
    ['main', 'Main', false],
    ['main', 'main2', false],
    ['main', 'xmain', false],
    ['release/*', 'release/1.2', true],
    ['release/*', 'release/1/2', false],
    ['release/*', 'release/', true],
    ['release/**', 'release/1/2', true],
    ['v*', 'v1', true],
    ['v*', 'refs/tags/v1', false],
    ['*', 'a/b', false],
    ['**', 'a/b', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'a1b2', false],
    ['.github/workflows/deploy.yml', '.github/workflows/deployXyml', false],
    ['acme/ci/.github/workflows/*', 'acme/ci/.github/workflows/x.yml', true],
    ['', '', true],
  ])('%j against %j is %j', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('without stars is the text itself, and ** is everything', () => {
    const text = fc.string({ maxLength: 40 }).filter((one) => !one.includes('*'));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(matches(a, b)).toBe(a === b);
        expect(matches('**', b)).toBe(true);
      }),
    );
  });

  it('means what the same pattern means as an expression', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '**');
    const text = fc.stringMatching(/^[ab/]{0,10}$/);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, subject) => {
        const source = pieces.map((one) => (one === '*' ? '[^/]*' : one === '**' ? '.*' : one)).join('');
        // Neighbouring stars read as one longer star: skip what two spellings would mean differently.
        fc.pre(
          !/\*{3,}/.test(pieces.join('')) && !pieces.some((one, n) => one === '*' && pieces[n + 1] === '*'),
        );
        expect(matches(pieces.join(''), subject)).toBe(new RegExp(`^${source}$`).test(subject));
      }),
    );
  });
});
