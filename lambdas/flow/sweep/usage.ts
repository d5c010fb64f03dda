import type { JobItem, RunnerItem } from '../../contracts/ledger.ts';
import type { PriceBook } from '../../contracts/prices.ts';
import type { UsageRecord } from '../../contracts/usage.ts';
import { usageDue, usageWritten } from '../../core/runner.ts';
import { digestOf, nextLook, usageOf } from '../../core/usage.ts';
import { USAGE_BATCH_MAX } from '../../ports/usage.ts';
import { amend } from '../amend.ts';
import { inParallel, LEDGER_WIDTH } from '../bounded.ts';
import { readItems } from '../read-items.ts';
import type { SweepWorld, World } from '../world.ts';
import type { Due } from './due.ts';

/**
 * Writes what ended runners did and cost: soon after the end, and again when later facts or prices say otherwise. The sweep
 * alone writes it, one at a time, so a revision has one author. The record leaves before the ledger notes it: a death in
 * between sends the same revision twice. One batch per pass; the rest stays due.
 */
export async function sweepUsage(due: Due, world: SweepWorld): Promise<void> {
  const now = world.clock.now();
  const ended = due.runners.filter((runner) => isDue(runner, now)).slice(0, USAGE_BATCH_MAX);
  if (ended.length === 0) return;
  const jobIds = ended.flatMap(({ job }) => job ?? []);
  const { items, unread } = await readItems('job', jobIds, world);
  const jobs = new Map(items.map((job) => [job.jobId, job]));
  const book = await bookOf(world);
  const looked = ended
    .filter(({ job }) => job === null || !unread.includes(job))
    .map((runner) => look(runner, { job: jobs.get(runner.job ?? ''), book, now }, world));
  const news = looked.filter(({ isNews }) => isNews).map(({ record }) => record);
  const taken = new Set(await put(news, world));
  await inParallel(looked, LEDGER_WIDTH, async (one) => {
    if (!one.isNews || taken.has(one.runner.instanceId)) await note(one, now, world);
  });
}

const isDue = (runner: RunnerItem, now: number): boolean => {
  const due = usageDue(runner);
  return due !== null && due <= now;
};

/** Without a book the record is priced by the static table, says so, and is looked at again. */
async function bookOf(world: SweepWorld): Promise<PriceBook | undefined> {
  const book = await world.prices.book();
  if (!book.ok) world.journal.warn('prices-unread', { code: book.fault.code });
  return book.ok ? book.value : undefined;
}

interface Looked {
  readonly runner: RunnerItem;
  readonly record: UsageRecord;
  readonly digest: string;
  readonly isNews: boolean;
}

function look(
  runner: RunnerItem,
  known: { readonly job: JobItem | undefined; readonly book: PriceBook | undefined; readonly now: number },
  { deployment }: World,
): Looked {
  const revision = (runner.usage?.revision ?? 0) + 1;
  const record = usageOf({ runner, ...known, settings: deployment.settings, revision });
  const digest = digestOf(record);
  return { runner, record, digest, isNews: digest !== runner.usage?.digest };
}

async function put(records: readonly UsageRecord[], world: SweepWorld): Promise<readonly string[]> {
  if (records.length === 0) return [];
  const taken = await world.usage.put(records);
  if (!taken.ok) world.journal.warn('usage-unwritten', { code: taken.fault.code, records: records.length });
  return taken.ok ? taken.value : [];
}

async function note({ runner, record, digest, isNews }: Looked, now: number, world: World): Promise<void> {
  const revision = isNews ? record.revision : record.revision - 1;
  const usage = { revision, digest, due: nextLook(record.terminated_at, now) };
  await amend(world.ledger, { kind: 'runner', id: runner.instanceId }, (item) =>
    item === undefined ? undefined : usageWritten(item, usage, now),
  );
}
