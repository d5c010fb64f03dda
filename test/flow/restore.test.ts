/**
 * Goal: a lost ledger costs the jobs that run on our machines at that moment, and nothing else. Method: the whole system over the
 * models; once machines of every age run, the ledger is emptied, and time goes on.
 */
import { describe, expect, it } from '@jest/globals';
import { newFate } from './mortal.ts';
import { createSmallWorld } from './small-world.ts';

/** Steps of five seconds: two hours. */
const STEPS_MAX = 1_440;
/** A sweep a minute, 30 s in which a young machine is spared, a shutdown of half a minute, twice over. */
const ENDED_WITHIN_STEPS = 48;
const JOB_MS = 5 * 60_000;

/** Two machines run a job, two boot for jobs that wait. */
async function worldInMotion() {
  const { stage, step } = createSmallWorld(newFate(), { jobMs: JOB_MS });
  const ranks = () => stage.items('runner').map(({ rank }) => rank);
  const count = (wanted: string) => ranks().filter((rank) => rank === wanted).length;
  const until = async (what: string, isSo: () => boolean, max = STEPS_MAX): Promise<void> => {
    for (let steps = 0; steps < max; steps += 1) {
      if (isSo()) return;
      await step();
    }
    throw new Error(`not within ${max} steps: ${what}; ranks ${ranks()}`);
  };
  const living = () =>
    stage.ec2
      .instances(stage.clock.now())
      .filter(({ state }) => state === 'pending' || state === 'running')
      .map(({ instanceId }) => instanceId);
  const endOf = (jobId: string) => stage.github.truth.job(jobId, stage.clock.now())?.conclusion ?? null;
  const idsOf = (count: number) => stage.queue(count).map(({ jobId }) => jobId);
  const running = idsOf(2);
  await until('two jobs run', () => count('busy') === 2);
  const waiting = idsOf(2);
  await until('two more machines are launched', () => count('launched') === 2);
  return { stage, until, living, ranks, endOf, idsOf, running, waiting };
}

describe('a ledger that is lost while machines run', () => {
  it('has every machine ended that nothing explains, costs the jobs that ran on them, and serves all that waited or is announced', async () => {
    const { stage, until, living, ranks, endOf, idsOf, running, waiting } = await worldInMotion();
    const before = living();
    expect(ranks()).toEqual(['busy', 'busy', 'launched', 'launched']);
    stage.ledger.empty();
    const isLeft = () => living().some((id) => before.includes(id));
    await until('the old machines are gone', () => !isLeft(), ENDED_WITHIN_STEPS);
    expect(stage.counts.filter(({ metric }) => metric === 'OrphanFound').length).toBeGreaterThanOrEqual(2);

    const after = idsOf(3);
    await until('every job that GitHub announced since is over', () =>
      after.every((id) => endOf(id) !== null),
    );
    expect(after.map(endOf)).toEqual(['success', 'success', 'success']);
    // Nobody announces them again: the sweep finds them in the open runs of the App's repositories.
    await until('every job that waited is over', () => waiting.every((id) => endOf(id) !== null));
    expect(waiting.map(endOf)).toEqual(['success', 'success']);
    expect(stage.counts.map(({ metric }) => metric)).toContain('JobsDiscovered');
    await until('GitHub gives up the jobs of the ended machines', () =>
      running.every((id) => endOf(id) !== null),
    );
    expect(running.map(endOf)).toEqual(['failure', 'failure']);

    await until('every machine has ended, and is recorded so', () =>
      ranks().every((rank) => rank === 'ended'),
    );
    expect(living()).toEqual([]);
    expect(stage.github.truth.registrations(stage.clock.now())).toEqual([]);
    expect(stage.items('pool')).toMatchObject([{ live: 0 }]);
    const issued = stage.github.truth.issued(stage.clock.now());
    for (const { sessions, conflicts } of issued) expect([sessions <= 1, conflicts]).toEqual([true, 0]);
  });
});
