import type { ItemKind, JobItem, LaunchItem, RunnerItem } from '../../contracts/ledger.ts';
import { UNSURE_LAUNCH_MS } from '../../core/spacing.ts';
import { DUE_PAGE_MAX } from '../../core/sweep-bounds.ts';
import { DUE_SHARDS } from '../../ports/ledger.ts';
import { inParallel } from '../bounded.ts';
import { readItems } from '../read-items.ts';
import type { World } from '../world.ts';

/** Work that the ledger says is due, as items (the index only hints), and every launch that is still open. */
export interface Due {
  readonly jobs: readonly JobItem[];
  readonly runners: readonly RunnerItem[];
  readonly launches: readonly LaunchItem[];
}

/**
 * Open launches are due within a minute of their last touch, so looking that far ahead shows all of them: what is in
 * flight counts as supply.
 */
export async function takeDue(world: World): Promise<Due> {
  const now = world.clock.now();
  const until = now + UNSURE_LAUNCH_MS + 1_000;
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => shard);
  const found = await inParallel(shards, DUE_SHARDS, async (shard) => {
    const hints = await world.ledger.due(shard, until, DUE_PAGE_MAX);
    return hints.ok ? hints.value : [];
  });
  const hints = found.flat();
  const idsOf = (kind: ItemKind, dueUntil: number): string[] =>
    hints.filter((hint) => hint.kind === kind && hint.due <= dueUntil).map(({ id }) => id);
  const { items: jobs } = await readItems('job', idsOf('job', now), world);
  const { items: runners } = await readItems('runner', idsOf('runner', now), world);
  const { items: launches } = await readItems('launch', idsOf('launch', until), world);
  return {
    jobs: jobs.filter(({ intent }) => intent.due !== null && intent.due <= now),
    runners: runners.filter(({ intent }) => intent.due !== null && intent.due <= now),
    launches: launches.filter(({ state }) => state === 'open'),
  };
}
