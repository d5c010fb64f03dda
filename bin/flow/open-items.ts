import type { ItemKind, ItemOf } from '../../lambdas/contracts/ledger.ts';
import { inParallel } from '../../lambdas/flow/bounded.ts';
import { DUE_SHARDS, type DueHint, type Ledger } from '../../lambdas/ports/ledger.ts';
import { done, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { OpenItems } from '../core/status.ts';

/** What one shard of the index shows at a time; eight of them are 4,000 open items. */
const SHARD_MAX = 500;
/** Ids of one batch read, and how many of these run at a time. */
const READ_MAX = 100;
const WIDTH = 4;
/** Later than any due time. */
const EVER = Number.MAX_SAFE_INTEGER;

/** Every open item is due some day: the index that the sweep goes by shows all of them, and nothing that is closed. */
export async function openItems({ ledger }: { readonly ledger: Ledger }): Promise<Outcome<OpenItems>> {
  const hints: DueHint[] = [];
  let isWhole = true;
  for (let shard = 0; shard < DUE_SHARDS; shard += 1) {
    const due = await ledger.due(shard, EVER, SHARD_MAX);
    if (!due.ok) return due;
    hints.push(...due.value);
    isWhole &&= due.value.length < SHARD_MAX;
  }
  const idsOf = (kind: ItemKind) => hints.filter((hint) => hint.kind === kind).map(({ id }) => id);
  const jobs = await readAll('job', idsOf('job'), ledger);
  if (!jobs.ok) return jobs;
  const runners = await readAll('runner', idsOf('runner'), ledger);
  if (!runners.ok) return runners;
  const launches = await readAll('launch', idsOf('launch'), ledger);
  if (!launches.ok) return launches;
  return done({
    jobs: jobs.value.filter(({ fact }) => fact !== 'completed'),
    runners: runners.value.filter(({ rank }) => rank !== 'ended'),
    launches: launches.value.filter(({ state }) => state === 'open'),
    isWhole,
  });
}

async function readAll<K extends ItemKind>(
  kind: K,
  ids: readonly string[],
  ledger: Pick<Ledger, 'readMany'>,
): Promise<Outcome<readonly ItemOf<K>[]>> {
  const pages = Array.from({ length: Math.ceil(ids.length / READ_MAX) }, (_, page) =>
    ids.slice(page * READ_MAX, (page + 1) * READ_MAX),
  );
  const read = await inParallel(pages, WIDTH, (page) => ledger.readMany(kind, page));
  const failed = read.find((one) => !one.ok);
  if (failed !== undefined && !failed.ok) return failed;
  return done(read.flatMap((one) => (one.ok ? one.value : [])));
}
