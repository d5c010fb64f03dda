import { describe, expect, it } from '@jest/globals';
import { answerClaim, type ClaimAnswer } from '../../lambdas/flow/answer-claim.ts';
import type { GitHub } from '../../lambdas/ports/github.ts';
import { claimOf, createStage, type Stage } from './stage.ts';

async function booted() {
  const stage = createStage();
  stage.queue();
  await stage.dispatch(stage.messages());
  await stage.pass(10_000);
  const id = stage.items('runner')[0]?.instanceId ?? '';
  return { stage, body: Buffer.from(JSON.stringify(claimOf(stage.ec2.identityDocument(id)))) };
}

/** GitHub as slow functions see it: a mint is done at once, and its answer waits until it is let go. */
function slowly({ mint }: Pick<GitHub, 'mint'>) {
  const gates: (() => void)[] = [];
  const slow: GitHub['mint'] = async (request) => {
    const minted = await mint(request);
    await new Promise<void>((resolve) => gates.push(resolve));
    return minted;
  };
  return { slow, letGo: (n: number) => gates[n]?.(), waiting: () => gates.length };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const delivered = (answers: readonly ClaimAnswer[]): number =>
  answers.filter(({ statusCode }) => statusCode === 200).length;
const live = (stage: Stage) => stage.github.truth.registrations(stage.clock.now());

describe('two slow functions that answer one claim past their lease', () => {
  it.each([
    ['the first', [0, 1]],
    ['the second', [1, 0]],
  ])(
    'deliver exactly once, and leave no registration but that one, when %s wakes first',
    async (_who, order) => {
      const { stage, body } = await booted();
      const github = slowly(stage.claimPorts.github);
      const ports = { ...stage.claimPorts, github: { ...stage.claimPorts.github, mint: github.slow } };
      const first = answerClaim({ body }, ports);
      await settle();
      expect(github.waiting()).toBe(1);
      // The first function is slow, not dead; its lease runs out, and the agent's repeat meets another function.
      stage.clock.advance(31_000);
      const second = answerClaim({ body }, ports);
      await settle();
      expect(github.waiting()).toBe(2);
      for (const n of order) {
        github.letGo(n);
        await settle();
      }
      const answers = await Promise.all([first, second]);
      expect(delivered(answers)).toBe(1);
      const granted = answers.flatMap(({ body: answer }) =>
        'runnerName' in answer ? [answer.runnerName] : [],
      );
      // The name of the one that lost is deleted by the sweep, by its stored name.
      await stage.pass(70_000);
      await stage.sweep();
      expect(live(stage).map(({ name }) => name)).toEqual(granted);
    },
  );
});
