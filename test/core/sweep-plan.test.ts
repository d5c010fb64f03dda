import { describe, expect, it } from '@jest/globals';
import type { LaunchItem, RunnerItem } from '../../lambdas/contracts/ledger.ts';
import { TAG } from '../../lambdas/contracts/tags.ts';
import { delivered, ended, endWanted, finished, runnerDue } from '../../lambdas/core/runner.ts';
import { planSweep } from '../../lambdas/core/sweep-plan.ts';
import { emptyTimeline, FIRST_KEPT, LAST_KEPT, record } from '../../lambdas/core/timeline.ts';
import type { SeenInstance } from '../../lambdas/ports/instances.ts';
import { launchOf, runnerOf, T0, TICKET } from './fixtures.ts';

const ID = 'i-0123456789abcdef0';
const seen = (change: Partial<SeenInstance> = {}): SeenInstance => ({
  instanceId: ID,
  instanceType: 'm7i.large',
  zone: 'us-east-1a',
  market: 'on-demand',
  state: 'running',
  imageId: 'ami-0123456789abcdef0',
  launchedAt: T0,
  tags: { [TAG.ticket]: TICKET, [TAG.pool]: 'linux-x64' },
  ...change,
});
const plan = (given: {
  at: number;
  instances?: SeenInstance[];
  runners?: RunnerItem[];
  launches?: LaunchItem[];
}) =>
  planSweep({
    takenAt: given.at,
    instances: given.instances ?? [],
    runners: new Map((given.runners ?? []).map((runner) => [runner.instanceId, runner])),
    launches: new Map((given.launches ?? []).map((launch) => [launch.ticket, launch])),
  });
const act = { now: T0 + 1_000, by: 'sweep' as const };

describe('planSweep', () => {
  it('spares what is younger than 30 seconds: the ledger may not know it yet', () => {
    expect(plan({ at: T0 + 29_999, instances: [seen()] })).toEqual([]);
  });

  it('adopts an instance of ours that a launch explains, and ends one that nothing explains', () => {
    expect(plan({ at: T0 + 31_000, instances: [seen()], launches: [launchOf()] })).toMatchObject([
      { do: 'adopt' },
    ]);
    expect(plan({ at: T0 + 31_000, instances: [seen()] })).toEqual([
      { do: 'end', instanceId: ID, reason: 'orphaned', pool: 'linux-x64' },
    ]);
  });

  it.each([
    ['the lifetime of its pool', runnerOf(), 3_600_001, 'lifetime-over'],
    ['the claim deadline', runnerOf(), 300_001, 'claim-deadline-over'],
    [
      'the grace after its job',
      finished(delivered(runnerOf(), 'h', act), { ...act, reason: 'job-finished' }),
      200_000,
      'grace-over',
    ],
    ['our own decision', endWanted(runnerOf(), { ...act, reason: 'not-needed' }), 40_000, 'not-needed'],
  ])('ends an instance past %s', (_, runner, after, reason) => {
    expect(plan({ at: T0 + after, instances: [seen()], runners: [runner] })).toMatchObject([
      { do: 'end', reason },
    ]);
  });

  it('leaves a claimed runner alone within its lifetime', () => {
    const runner = delivered(runnerOf(), 'h', act);
    expect(plan({ at: T0 + 3_000_000, instances: [seen()], runners: [runner] })).toEqual([]);
  });

  it('takes absence for an end only when EC2 has long had time to show the instance', () => {
    expect(plan({ at: T0 + 60_000, runners: [runnerOf()] })).toEqual([]);
    expect(plan({ at: T0 + 301_000, runners: [runnerOf()] })).toMatchObject([{ do: 'mark-ended' }]);
  });

  it('marks a runner ended whose instance shuts down, once', () => {
    const instances = [seen({ state: 'shutting-down' })];
    expect(plan({ at: T0 + 31_000, instances, runners: [runnerOf()] })).toMatchObject([{ do: 'mark-ended' }]);
    const done = ended(runnerOf(), { ...act, at: act.now, reason: 'instance-ended' });
    expect(plan({ at: T0 + 31_000, instances, runners: [done] })).toEqual([]);
  });
});

describe('when a runner is due', () => {
  it('is the earliest of its deadlines, and after its end the looks at what it cost', () => {
    expect(runnerDue(runnerOf())).toBe(T0 + 300_000);
    const over = ended(runnerOf(), { ...act, at: act.now, reason: 'instance-ended' });
    expect(runnerDue(over)).toBe(over.at.ended);
  });
});

describe('a timeline', () => {
  const moment = (n: number) => ({
    at: T0 + n,
    by: 'sweep' as const,
    from: 'a',
    to: `s${n}`,
    reason: 'received' as const,
  });

  it('counts a repeat instead of growing', () => {
    const twice = record(record(emptyTimeline(), moment(1)), { ...moment(1), at: T0 + 9 });
    expect(twice.entries).toMatchObject([{ n: 1, count: 2, at: T0 + 1, lastAt: T0 + 9 }]);
  });

  it('keeps everything until it is audited, then the first ten and the last thirty', () => {
    const full = Array.from({ length: 100 }, (_, n) => n).reduce(
      (line, n) => record(line, moment(n)),
      emptyTimeline(),
    );
    expect(full.entries).toHaveLength(100);
    const trimmed = record({ ...full, auditedTo: 100 }, moment(100));
    expect(trimmed.entries).toHaveLength(FIRST_KEPT + LAST_KEPT);
    expect(trimmed.entries.at(-1)?.n).toBe(101);
  });
});
