import { describe, expect, it } from '@jest/globals';
import { withBreaker } from '../../lambdas/flow/github-breaker.ts';
import { createMemoryGitHub } from '../../local/memory/memory-github.ts';
import { createMemoryLedger } from '../../local/memory/memory-ledger.ts';
import { githubWorld } from '../contract/github-world.ts';

const LIMIT = { kind: 'busy', code: 'rate-limit' };

/** Two containers of one stack before one GitHub that allows so many points a minute. */
function twoContainers(pointsMax: number) {
  const world = githubWorld({ limits: { pointsMax } });
  const ledger = createMemoryLedger({ clock: world.clock });
  const container = () => withBreaker(createMemoryGitHub(world), { ledger, clock: world.clock });
  const calls = () => [...world.model.truth.calls().values()].reduce((sum, count) => sum + count, 0);
  return { ...world, ledger, container, calls };
}

describe('a limit of GitHub', () => {
  it('met by one container silences all, until GitHub’s own time is over', async () => {
    const { container, organization, clock, calls } = twoContainers(10);
    const [first, second, third] = [container(), container(), container()];
    for (let n = 0; n < 10; n += 1) await first.findRunner(organization, 'x');
    expect(await first.findRunner(organization, 'x')).toMatchObject({ ok: false, fault: LIMIT });
    const before = calls();
    expect(await second.run(organization, 'acme/app', '1')).toMatchObject({ ok: false, fault: LIMIT });
    expect(await third.listRunners(organization)).toMatchObject({ ok: false, fault: LIMIT });
    expect(await first.listRunners(organization)).toMatchObject({ ok: false, fault: LIMIT });
    expect(calls()).toBe(before);
    clock.advance(61_000);
    expect(await second.listRunners(organization)).toMatchObject({ ok: true });
  });

  it('is learnt by a container that thought it open, within ten seconds', async () => {
    const { container, organization, clock, calls } = twoContainers(10);
    const [first, second] = [container(), container()];
    await second.findRunner(organization, 'x');
    for (let n = 0; n < 10; n += 1) await first.findRunner(organization, 'x');
    clock.advance(10_001);
    const before = calls();
    expect(await second.findRunner(organization, 'x')).toMatchObject({ ok: false, fault: LIMIT });
    expect(calls()).toBe(before);
  });

  it('of one installation silences no other, nor the App itself', async () => {
    const { container, organization } = twoContainers(10);
    const github = container();
    for (let n = 0; n < 12; n += 1) await github.findRunner(organization, 'x');
    expect(await github.installations()).toMatchObject({ ok: true });
    const other = { ...organization, installationId: '999' };
    expect(await github.findRunner(other, 'x')).not.toMatchObject({ fault: LIMIT });
  });

  it('costs a container one look at the ledger in ten seconds, however often it calls', async () => {
    const { organization, clock, ledger: store, ...world } = twoContainers(900);
    let reads = 0;
    const ledger: typeof store = {
      ...store,
      read: (kind, id) => {
        reads += 1;
        return store.read(kind, id);
      },
    };
    const github = withBreaker(createMemoryGitHub({ ...world, clock }), { ledger, clock });
    for (let n = 0; n < 50; n += 1) await github.findRunner(organization, 'x');
    expect(reads).toBe(1);
    clock.advance(10_001);
    await github.findRunner(organization, 'x');
    expect(reads).toBe(2);
  });
});
