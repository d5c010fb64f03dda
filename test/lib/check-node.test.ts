import { describe, expect, it } from '@jest/globals';
import { nodeProblem } from '../../lib/check-node.ts';

describe('the check of Node', () => {
  it.each(['v24.0.0', 'v24.21.0', 'v26.1.0', 'v100.0.0'])('lets %s pass', (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it.each(['v22.18.0', 'v23.11.1', 'v4.0.0', 'strange'])(
    'stops %s with one sentence on what to do',
    (version) => {
      expect(nodeProblem(version)).toMatch(
        new RegExp(`^Mayfly needs Node 24 or newer, but this is ${version}\\. .*npm`),
      );
    },
  );
});
