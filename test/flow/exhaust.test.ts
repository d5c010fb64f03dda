import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RunnerItem } from '../../lambdas/contracts/ledger.ts';
import { type Death, newFate } from './mortal.ts';
import { createSmallWorld } from './small-world.ts';

/** Two virtual hours: lifetimes, deadlines and a dozen sweeps fit many times over. */
const STEPS_MAX = 1_440;

/** Two jobs from webhook to the last machine's end, with the given deaths. */
async function play(deaths: readonly Death[] = []) {
  const fate = newFate(deaths);
  const { stage, step, isQuiet } = createSmallWorld(fate);
  stage.queue(2);
  let steps = 0;
  while (steps < STEPS_MAX && !(steps > 3 && isQuiet())) {
    await step();
    steps += 1;
  }
  const now = stage.clock.now();
  const issued = stage.github.truth.issued(now);
  return {
    calls: fate.calls,
    died: fate.died,
    story: {
      settled: steps < STEPS_MAX,
      jobs: stage.github.truth.jobs(now).map(({ conclusion }) => conclusion),
      /** No registration is used by two sessions, none runs two jobs. */
      worstSessions: Math.max(0, ...issued.map(({ sessions, conflicts }) => sessions + conflicts)),
      /** An instance is answered 200 once in its life, heard or not. */
      worstDeliveries: Math.max(0, ...stage.items('runner').map(deliveries)),
      jobsRunTwice: new Set(issued.flatMap(({ jobId }) => jobId ?? [])).size !== 2,
      /** Machines beyond one a job: a death may cost the launch it hit, no more. */
      spare: stage.ec2.instances(now).length - 2,
    },
  };
}

const deliveries = ({ timeline }: RunnerItem): number =>
  timeline.entries.filter(({ reason }) => reason === 'claimed').length;

const FINE = {
  settled: true,
  jobs: ['success', 'success'],
  worstSessions: 1,
  worstDeliveries: 1,
  jobsRunTwice: false,
};

/** Undefined for a good end; the story otherwise. */
async function badEnd(deaths: readonly Death[]): Promise<unknown> {
  const { story, died } = await play(deaths);
  const { spare, ...rest } = story;
  const isFine = JSON.stringify(rest) === JSON.stringify(FINE) && spare <= 2 * died;
  return isFine ? undefined : { deaths, ...story };
}

describe('a function that dies', () => {
  it('is missed by nobody in a world where none dies: two jobs, two machines', async () => {
    const { story, calls } = await play();
    expect(story).toEqual({ ...FINE, spare: 0 });
    expect(calls).toBeGreaterThan(60);
  });

  it.each(['before', 'after'] as const)(
    'at any one call of a port, %s its effect, loses no job, doubles none, and leaves no machine and no registration',
    async (when) => {
      const { calls } = await play();
      const ends: unknown[] = [];
      for (let call = 0; call < calls; call += 1) ends.push(await badEnd([{ call, when }]));
      expect(ends.filter((end) => end !== undefined)).toEqual([]);
    },
  );

  it('does no more harm when it dies three times', async () => {
    const death = fc.record({
      call: fc.nat(160),
      when: fc.constantFrom('before' as const, 'after' as const),
    });
    const deaths = fc.uniqueArray(death, { minLength: 2, maxLength: 3, selector: ({ call }) => call });
    await fc.assert(
      fc.asyncProperty(deaths, async (list) => {
        expect(await badEnd(list)).toBeUndefined();
      }),
      { numRuns: Number(process.env['EXHAUST_RUNS'] ?? 150) },
    );
  });
});
