import { describe, expect, it } from '@jest/globals';
import { lockedActionsOf } from '../../../lambdas/core/admission/lock-file.ts';

const SHA = 'a5ac7e51b41094c92402da3b24376905380afc29';
const PATH = '.github/workflows/ci.yml';
const LOCK = `version: 'v0.0.2'
workflows:
    '.github/workflows/ci.yml':
        - 'Actions/checkout@v4'
        - 'acme/tool@main'
        - 'acme/gone@v1'
    '.github/workflows/other.yml': []
dependencies:
    'Actions/checkout@v4':
        ref: 'refs/tags/v4'
        commit: 'sha1-${SHA}'
        owner_id: 44036562
        repo_id: 197814629
    'acme/tool@main':
        commit: 'main'
`;

describe('the lock file of actions', () => {
  it('fixes what it names for this workflow, by a full commit', () => {
    expect(lockedActionsOf(LOCK, PATH)).toEqual(['actions/checkout@v4']);
  });

  it.each([
    ['another workflow', LOCK, '.github/workflows/x.yml'],
    ['a workflow named like a property', LOCK, 'constructor'],
    ['another version of the form', LOCK.replace('v0.0.2', 'v9'), PATH],
    ['no YAML', 'workflows: [', PATH],
    ['nothing', '', PATH],
    ['an alias', LOCK.replace("'Actions/checkout@v4'\n", "&a 'Actions/checkout@v4'\n        - *a\n"), PATH],
  ])('fixes nothing for %s', (_what, text, path) => {
    expect(lockedActionsOf(text, path)).toEqual([]);
  });
});
