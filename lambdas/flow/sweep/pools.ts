import type { LaunchItem, PoolItem } from '../../contracts/ledger.ts';
import { TAG } from '../../contracts/tags.ts';
import type { SeenInstance } from '../../ports/instances.ts';
import type { World } from '../world.ts';
import { readItems } from './due.ts';

/** The pools' counts, read before the cloud is listed: a count that moved meanwhile is left for the next pass. */
export const readPools = (world: World): Promise<readonly PoolItem[]> =>
  readItems(
    'pool',
    world.deployment.settings.pools.map(({ name }) => name),
    world,
  );

/** Corrects counts that crashes left too high or too low: instances that live, and units of launches in flight. */
export async function recountPools(
  pools: readonly PoolItem[],
  seen: { readonly instances: readonly SeenInstance[]; readonly launches: readonly LaunchItem[] },
  world: World,
): Promise<void> {
  for (const pool of pools) {
    const living = seen.instances.filter(
      ({ tags, state }) =>
        tags[TAG.pool] === pool.pool && state !== 'terminated' && state !== 'shutting-down',
    ).length;
    const flying = seen.launches
      .filter((launch) => launch.pool === pool.pool)
      .reduce((sum, { units }) => sum + units.length, 0);
    const live = living + flying;
    // Conditional on the revision read before the list: 'stale' only means that launches go on.
    if (live !== pool.live) await world.ledger.write({ ...pool, live });
  }
}
