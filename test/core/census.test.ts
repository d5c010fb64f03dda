import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RunnerItem } from '../../lambdas/contracts/ledger.ts';
import { judgeRegistrations, SILENT_MS } from '../../lambdas/core/census.ts';
import type { SeenRunner } from '../../lambdas/ports/github.ts';
import { runnerOf, STACK_ID, T0 } from './fixtures.ts';

const ID = 'i-0123456789abcdef0';
const NAME = `mayfly-${STACK_ID}-${ID}-ab12`;
const seenOf = (change: Partial<SeenRunner> = {}): SeenRunner => ({
  ...{ runnerId: '7', name: NAME, online: false, busy: false },
  ...change,
});
const busy = (change: Partial<RunnerItem['at']> = {}): RunnerItem => {
  const runner = runnerOf(ID);
  return { ...runner, rank: 'busy', at: { ...runner.at, busy: T0, heartbeat: T0, ...change } };
};

interface Look {
  readonly known?: ReadonlyMap<string, RunnerItem>;
  readonly unread?: ReadonlySet<string>;
  readonly now?: number;
}
const judge = (listed: readonly SeenRunner[], { known, unread, now }: Look = {}) =>
  judgeRegistrations(listed, known ?? new Map(), {
    now: now ?? T0,
    stackId: STACK_ID,
    unread: unread ?? new Set(),
  });

const anySeen: fc.Arbitrary<SeenRunner> = fc.record({
  runnerId: fc.nat().map(String),
  name: fc.oneof(
    fc.string(),
    fc.constantFrom(
      NAME,
      `mayfly-ffffffff-${ID}-ab12`,
      `mayfly-${STACK_ID}-i-0fffffffffffffff0-zz99`,
      'mayfly',
    ),
  ),
  online: fc.boolean(),
  busy: fc.boolean(),
});

describe('a registration at GitHub', () => {
  it('under our name that no record explains is deleted', () => {
    expect(judge([seenOf()])).toEqual([{ do: 'delete-ghost', name: NAME, runnerId: '7' }]);
  });

  it('that is in use is never deleted for want of a record: the ledger may have been restored', () => {
    expect(judge([seenOf({ online: true }), seenOf({ busy: true })])).toEqual([]);
  });

  it('of another stack or of nobody we know is never touched', () => {
    fc.assert(
      fc.property(fc.array(anySeen), (listed) =>
        judge(listed).every((finding) => finding.name.startsWith(`mayfly-${STACK_ID}-i-`)),
      ),
    );
  });

  it('whose record could not be read is left alone', () => {
    fc.assert(
      fc.property(fc.array(anySeen), (listed) =>
        judge(listed, { unread: new Set([ID]) }).every((finding) => finding.name !== NAME),
      ),
    );
  });
});

describe('a machine that GitHub calls busy and offline', () => {
  const known = new Map([[ID, busy()]]);
  const dead = seenOf({ busy: true });

  it('is lost once its agent has been silent for five minutes, and not before', () => {
    expect(judge([dead], { known, now: T0 + SILENT_MS })).toEqual([]);
    expect(judge([dead], { known, now: T0 + SILENT_MS + 1 })).toEqual([
      { do: 'end-lost', instanceId: ID, name: NAME },
    ]);
  });

  it.each<[string, SeenRunner, RunnerItem]>([
    ['its agent speaks', dead, busy({ heartbeat: T0 + SILENT_MS })],
    ['GitHub sees it again', seenOf({ busy: true, online: true }), busy()],
    ['it has finished its job', dead, busy({ finished: T0 })],
    ['it never took a job', dead, runnerOf(ID)],
  ])('is not lost while %s', (_why, seen, runner) => {
    expect(judge([seen], { known: new Map([[ID, runner]]), now: T0 + SILENT_MS + 1 })).toEqual([]);
  });
});
