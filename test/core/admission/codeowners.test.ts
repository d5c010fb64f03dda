import { describe, expect, it } from '@jest/globals';
import { ownersOf } from '../../../lambdas/core/admission/codeowners.ts';

const PATH = '.github/workflows/deploy.yml';

describe('the owner of a workflow', () => {
  it.each<[string, string, string[]]>([
    ['everything', '* @acme/all', ['@acme/all']],
    ['the folder', '.github/ @acme/ci', ['@acme/ci']],
    ['the folder, from the root', '/.github/workflows/ @acme/ci', ['@acme/ci']],
    ['the folder without a slash', '.github @acme/ci', ['@acme/ci']],
    ['its files', '.github/workflows/* @acme/ci', ['@acme/ci']],
    ['an ending', '*.yml @acme/yaml', ['@acme/yaml']],
    ['anything below', '.github/** @acme/ci', ['@acme/ci']],
    ['the last line that matches', '* @acme/all\n.github/ @acme/ci', ['@acme/ci']],
    ['a later line that takes it over', '.github/workflows/ @acme/ci\n* @acme/all', ['@acme/all']],
    ['a later line that names nobody', '* @acme/all\n.github/workflows/', []],
    ['files of one level only', '.github/* @acme/ci', []],
    ['another folder', 'workflows/x/ @acme/ci', []],
    ['the folder, wherever it is', 'workflows/ @acme/ci', ['@acme/ci']],
    ['another file', '.github/workflows/build.yml @acme/ci', []],
    ['a comment', '# * @acme/all', []],
    ['a comment behind', '* @acme/all # not @acme/ci', ['@acme/all']],
    ['several', '* @ann @acme/all', ['@ann', '@acme/all']],
    ['what GitHub refuses', '!.github/ @acme/ci\n[.]github/ @acme/x', []],
    ['Windows line ends', '* @acme/all\r\n.github/ @acme/ci\r\n', ['@acme/ci']],
    ['nothing', '', []],
  ])('by %s', (_what, text, owners) => {
    expect(ownersOf(text, PATH)).toEqual(owners);
  });
});
