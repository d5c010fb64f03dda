import { type InstanceEvent, instanceEvent } from '../contracts/instance-event.ts';
import type { RunnerItem } from '../contracts/ledger.ts';
import { freshPool, runnersEnded } from '../core/breaker.ts';
import { waitAgain } from '../core/job.ts';
import { chunks } from '../core/lists.ts';
import { ended, endWanted, noticed, RANK } from '../core/runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import { amend } from './amend.ts';
import { inParallel, LEDGER_WIDTH } from './bounded.ts';
import type { Message } from './receive-jobs.ts';

export interface ObservePorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** DynamoDB reads at most this many items in one batch. */
const READ_MAX = 100;

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
  const failed = await inParallel(chunks([...byInstance.keys()], READ_MAX), 1, async (ids) => {
    const known = await ports.ledger.readMany('runner', ids);
    if (!known.ok) return ids;
    const unwritten = await inParallel(known.value, LEDGER_WIDTH, async (runner) => {
      const ofRunner = byInstance.get(runner.instanceId)?.map(({ event }) => event) ?? [];
      return (await observe(runner, ofRunner, ports)) ? undefined : runner.instanceId;
    });
    return unwritten.filter((id) => id !== undefined);
  });
  for (const id of failed.flat())
    parked.push(...(byInstance.get(id)?.map(({ messageId }) => messageId) ?? []));
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
  let before = runner;
  const amended = await amend(
    ports.ledger,
    { kind: 'runner', id: runner.instanceId, known: runner },
    (item) => {
      if (item === undefined) return undefined;
      before = item;
      return events.reduce((next, event) => folded(next, event, ports.clock.now()), item);
    },
  );
  if (!amended.ok) return false;
  if (amended.value === undefined || !amended.value.isChanged) return true;
  const after = amended.value.item;
  return before.rank !== 'ended' && after.rank === 'ended' ? runnerEnded(before, after, ports) : true;
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
 * A runner is gone: its room in the pool is free, and if it took no job, the job that brought it waits again. That job
 * may long be served by another runner; then its own state says so and nothing happens.
 */
export async function runnerEnded(
  before: RunnerItem,
  after: RunnerItem,
  ports: ObservePorts,
): Promise<boolean> {
  const { pool } = after;
  const neverOnline = RANK[before.rank] < RANK.online && before.intent.end === null && after.verdict === null;
  ports.journal.count('RunnerEnded', { pool, reason: before.intent.end ?? 'instance-ended' });
  if (neverOnline) ports.journal.count('NeverClaimed', { pool });
  const room = await amend(ports.ledger, { kind: 'pool', id: pool }, (item) =>
    runnersEnded(item ?? freshPool(pool), 1, neverOnline ? 1 : 0),
  );
  const cause = after.intent.cause;
  if (after.job !== null || cause === null) return room.ok;
  const now = ports.clock.now();
  const job = await amend(ports.ledger, { kind: 'job', id: cause }, (item) =>
    item?.intent.step === 'launching' && item.intent.ticket === after.ticket
      ? waitAgain(item, {
          now,
          by: 'observe',
          reason: neverOnline ? 'runner-never-claimed' : 'runner-lost',
          due: now,
        })
      : undefined,
  );
  return room.ok && job.ok;
}
