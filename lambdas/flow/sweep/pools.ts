import type { LaunchItem, PoolItem } from '../../contracts/ledger.ts';
import { TAG } from '../../contracts/tags.ts';
import type { SeenInstance } from '../../ports/instances.ts';
import { readItems } from '../read-items.ts';
import type { World } from '../world.ts';

/** For this long after a reservation EC2 may not show all that was launched: a count then would be too low. */
const SETTLED_MS = 2 * 60_000;

/** The pools' counts, read before the cloud is listed: a count that moved meanwhile is left for the next pass. */
export async function readPools(world: World): Promise<readonly PoolItem[]> {
  const names = world.deployment.settings.pools.map(({ name }) => name);
  return (await readItems('pool', names, world)).items;
}

/**
 * Corrects counts that crashes left too high or too low: instances that live, and units of launches in flight. A launch that
 * this pass settled is neither: its instances are younger than the list. Its pool is counted in the next pass.
 */
export async function recountPools(
  pools: readonly PoolItem[],
  seen: {
    readonly instances: readonly SeenInstance[];
    /** Launches that were open when the pass began, and those of them that still are. */
    readonly before: readonly LaunchItem[];
    readonly launches: readonly LaunchItem[];
  },
  world: World,
): Promise<void> {
  const now = world.clock.now();
  const settled = new Set(seen.before.filter((one) => !seen.launches.includes(one)).map((one) => one.pool));
  for (const pool of pools) {
    if (settled.has(pool.pool)) continue;
    if (pool.reservedAt !== null && now - pool.reservedAt < SETTLED_MS) continue;
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
