import { describe, expect, it } from '@jest/globals';
import { groupOf, shapeOf, targetOf } from '../../lambdas/core/group.ts';
import { normalLabels, route } from '../../lambdas/core/route.ts';
import { eventOf, poolOf, settingsOf } from './fixtures.ts';

const arm = poolOf({
  name: 'linux-arm64',
  labels: ['self-hosted', 'linux', 'arm64'],
  keyLabel: 'arm64',
  arch: 'arm64',
});
const settings = settingsOf(poolOf(), arm);

describe('route', () => {
  it.each([
    [['self-hosted', 'linux', 'x64'], 'linux-x64'],
    [['X64'], 'linux-x64'],
    [['SELF-HOSTED', 'Arm64'], 'linux-arm64'],
    [['mayfly/linux-arm64'], 'linux-arm64'],
  ])('sends %j to pool %s', (labels, pool) => {
    expect(route(labels, settings)).toMatchObject({ to: 'pool', pool: { name: pool } });
  });

  it.each([
    [['ubuntu-latest'], 'ignore', 'label-unknown'],
    [[], 'ignore', 'label-unknown'],
    [['self-hosted', 'linux'], 'ignore', 'label-unknown'],
    [['self-hosted', 'x64', 'gpu'], 'ignore', 'label-unknown'],
    [['x64', '$(reboot)'], 'ignore', 'label-charset'],
    [['x64', 'ｘ64'], 'ignore', 'label-charset'],
    [['mayfly/nope'], 'deny', 'composite-unsupported'],
    [['mayfly/linux-x64/ami=ami-0123456789abcdef0'], 'deny', 'composite-unsupported'],
    [['mayfly/linux-x64', 'mayfly/linux-arm64'], 'deny', 'composite-unsupported'],
    [['x64', 'arm64'], 'ignore', 'label-unknown'],
  ])('sends %j nowhere (%s, %s)', (labels, to, reason) => {
    expect(route(labels, settings)).toEqual({ to, reason });
  });

  it('denies labels that fit two pools instead of choosing one', () => {
    const twin = settingsOf(poolOf(), poolOf({ name: 'twin' }));
    expect(route(['x64'], twin)).toEqual({ to: 'deny', reason: 'label-ambiguous' });
  });

  it('reads labels as a set without case or order', () => {
    expect(normalLabels(['Linux', 'x64', 'LINUX'])).toEqual(['linux', 'x64']);
  });
});

describe('a group', () => {
  const target = (change = {}) => targetOf(settings, poolOf(), { ...eventOf(change), installationId: '55' });
  const shape = shapeOf(poolOf(), 'ami-1', '1');

  it('is the same for repositories of one organization and differs by label set', () => {
    const { repository } = eventOf();
    const other = { ...repository, id: '8', fullName: 'acme/other' };
    expect(groupOf(shape, target(), repository)).toBe(groupOf(shape, target(), other));
    expect(groupOf(shape, target({ labels: ['x64'] }), repository)).not.toBe(
      groupOf(shape, target(), repository),
    );
  });

  it("is a scope of its own for each of a user's repositories, in runner group 1", () => {
    const repository = { ...eventOf().repository, ownerType: 'User' as const };
    const ofUser = target({ repository });
    expect(ofUser).toMatchObject({ scope: 'repository', repository: 'app', runnerGroupId: 1 });
    expect(groupOf(shape, ofUser, repository)).not.toBe(groupOf(shape, ofUser, { ...repository, id: '8' }));
  });

  it('changes with the image: waiting jobs move to what is deployed now', () => {
    expect(shapeOf(poolOf(), 'ami-2', '1')).not.toBe(shape);
  });
});
