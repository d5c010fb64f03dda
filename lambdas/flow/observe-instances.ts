import { type InstanceEvent, instanceEvent } from '../contracts/instance-event.ts';
import type { RunnerItem } from '../contracts/ledger.ts';
import { freshPool, isFailedBoot, runnersEnded } from '../core/breaker.ts';
import { idledOut, waitAgain } from '../core/job.ts';
import { ended, endWanted, noticed, RANK } from '../core/runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import { amend } from './amend.ts';
import { inParallel, LEDGER_WIDTH } from './bounded.ts';
import { readItems } from './read-items.ts';
import type { Message } from './receive-jobs.ts';

export interface ObservePorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly journal: Journal;
}

/**
 * One batch of EC2's events. EventBridge cannot filter by tag, so most events may be of foreign instances: one batch read
 * tells ours, unknown ids are dropped. Returns ids of messages to deliver again.
 */
export async function observeInstances(
  messages: readonly Message[],
  ports: ObservePorts,
): Promise<readonly string[]> {
  const parked: string[] = [];
  const events: { messageId: string; event: InstanceEvent }[] = [];
  for (const { messageId, body } of messages) {
    const event = readEvent(body);
    if (event === undefined) parked.push(messageId);
    else events.push({ messageId, event });
  }
  const byInstance = Map.groupBy(events, ({ event }) => event.detail['instance-id']);
  const { items, unread } = await readItems('runner', [...byInstance.keys()], ports);
  const unwritten = await inParallel(items, LEDGER_WIDTH, async (runner) => {
    const ofRunner = byInstance.get(runner.instanceId)?.map(({ event }) => event) ?? [];
    return (await observe(runner, ofRunner, ports)) ? undefined : runner.instanceId;
  });
  const failed = [...unread, ...unwritten.filter((id) => id !== undefined)];
  for (const id of failed) parked.push(...(byInstance.get(id)?.map(({ messageId }) => messageId) ?? []));
  if (parked.length > 0) ports.journal.count('MessageParked', { n: parked.length });
  return parked;
}

function readEvent(body: string): InstanceEvent | undefined {
  try {
    const read = instanceEvent.safeParse(JSON.parse(body));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** Folds the events of one runner; false when the ledger did not take them. */
async function observe(
  runner: RunnerItem,
  events: readonly InstanceEvent[],
  ports: ObservePorts,
): Promise<boolean> {
  const fold = (item: RunnerItem): RunnerItem =>
    events.reduce((next, event) => folded(next, event, ports.clock.now()), item);
  // The job first: a death after it is repeated whole, a death after `ended` would not be.
  const ends = runner.rank !== 'ended' && fold(runner).rank === 'ended';
  if (ends && !(await releaseCause(runner, ports))) return false;
  let before = runner;
  const amended = await amend(
    ports.ledger,
    { kind: 'runner', id: runner.instanceId, known: runner },
    (item) => {
      if (item === undefined) return undefined;
      before = item;
      return fold(item);
    },
  );
  if (!amended.ok) return false;
  const after = amended.value?.item;
  if (before.rank !== 'ended' && after?.rank === 'ended') await countEnded(before, ports);
  return true;
}

function folded(runner: RunnerItem, event: InstanceEvent, now: number): RunnerItem {
  const act = { now, by: 'observe' as const };
  if (event['detail-type'] === 'EC2 Spot Instance Interruption Warning') {
    return noticed(runner, { ...act, reason: 'spot-interruption' });
  }
  if (event['detail-type'] === 'EC2 Instance Rebalance Recommendation') {
    // A busy runner goes on; an idle one is told at its next heartbeat.
    return RANK[runner.rank] >= RANK.busy ? runner : noticed(runner, { ...act, reason: 'rebalance-advised' });
  }
  const at = Date.parse(event.time);
  const { state } = event.detail;
  if (state === 'stopping' || state === 'stopped')
    return endWanted(runner, { ...act, reason: 'instance-stopped' });
  if (state === 'shutting-down' || state === 'terminated')
    return ended(runner, { ...act, at, reason: 'instance-ended' });
  if (state === 'running' && runner.at.running === null)
    return { ...runner, at: { ...runner.at, running: at } };
  return runner;
}

/**
 * A runner is gone that took no job: the job that brought it waits again, the longer the more of its machines idled out. That job may long be served by another runner;
 * then its own state says so and nothing happens. False when the ledger did not take it.
 */
export async function releaseCause(runner: RunnerItem, ports: ObservePorts): Promise<boolean> {
  const { cause } = runner.intent;
  if (runner.job !== null || cause === null) return true;
  const now = ports.clock.now();
  const act = { now, by: 'observe' as const };
  const reason = isFailedBoot(runner) ? 'runner-never-claimed' : 'runner-lost';
  const job = await amend(ports.ledger, { kind: 'job', id: cause }, (item) => {
    if (item?.intent.step !== 'launching' || item.intent.ticket !== runner.ticket) return undefined;
    return hasIdled(runner) ? idledOut(item, act) : waitAgain(item, { ...act, reason, due: now });
  });
  return job.ok;
}

/** It was there for a job, and said itself that it goes without one. */
const hasIdled = ({ rank, at }: RunnerItem): boolean => rank === 'online' && at.finished !== null;

/** Its room in the pool is free, and a failed boot counts against the pool. The sweep repairs a count that is lost here. */
export async function countEnded(runner: RunnerItem, { ledger, journal }: ObservePorts): Promise<void> {
  const { pool } = runner;
  const hasFailed = isFailedBoot(runner);
  journal.count('RunnerEnded', { pool, reason: runner.intent.end ?? 'instance-ended' });
  if (hasFailed) journal.count('NeverClaimed', { pool });
  await amend(ledger, { kind: 'pool', id: pool }, (item) =>
    runnersEnded(item ?? freshPool(pool), 1, hasFailed ? 1 : 0),
  );
}
