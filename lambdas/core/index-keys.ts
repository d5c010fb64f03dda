import type { ItemKind, LedgerItem } from '../contracts/ledger.ts';
import type { DemandHint, DueHint } from '../ports/ledger.ts';
import { DEMAND_SHARDS, DUE_SHARDS, FOREIGN_RUNS_FROM, OWN_RUNS_FROM, RUN_SHARDS } from '../ports/ledger.ts';
import { sha256 } from './hash.ts';

/** What an item shows in the due index, and in which shard. */
export interface DueRow extends DueHint {
  readonly shard: number;
}

/** What an item shows in the demand index, and in which shard of its shape. */
export interface DemandRow extends DemandHint {
  readonly shape: string;
  readonly shard: number;
}

/** Digits of a time stamp in a sort key: epoch milliseconds stay below 16 digits for 280,000 years. */
const SINCE_DIGITS = 16;

/** The id by which the ledger knows an item, within its kind. */
export function itemId(item: LedgerItem): string {
  switch (item.kind) {
    case 'job':
      return item.jobId;
    case 'runner':
      return item.instanceId;
    case 'launch':
      return item.ticket;
    case 'pool':
      return item.pool;
    case 'run':
      return `${item.runId}.${item.runAttempt}`;
    case 'budget':
    case 'sweep':
    case 'hook':
    case 'survey':
    case 'stop':
      return item.name;
  }
}

/** The table's key. */
export const keyOf = (kind: ItemKind, id: string): string => `${kind}#${id}`;

/** The same key always falls in the same shard; keys spread evenly, since ids of one burst are neighbours. */
const shardOf = (key: string, shards: number): number =>
  Number.parseInt(sha256(key).slice(0, 8), 16) % shards;

/** The item's row in the due index; undefined when nobody need look at it: no time is set, or it is closed. */
export function dueRow(item: LedgerItem): DueRow | undefined {
  if (item.kind === 'run') return runDue(item);
  if (item.kind !== 'job' && item.kind !== 'runner' && item.kind !== 'launch') return undefined;
  const due = item.kind === 'launch' ? item.due : item.intent.due;
  if (due === null || item.expiresAtSeconds !== null) return undefined;
  const { kind } = item;
  const id = itemId(item);
  return { kind, id, due, shard: shardOf(keyOf(kind, id), DUE_SHARDS) };
}

/** Runs have shards of their own: however many are overdue for want of calls, they hide no job that is due. */
function runDue(run: Extract<LedgerItem, { kind: 'run' }>): DueRow | undefined {
  if (run.due === undefined || run.due === null || run.expiresAtSeconds !== null) return undefined;
  const id = itemId(run);
  const first = run.isOurs === false ? FOREIGN_RUNS_FROM : OWN_RUNS_FROM;
  return { kind: 'run', id, due: run.due, shard: first + shardOf(keyOf('run', id), RUN_SHARDS) };
}

/** The item's row in the demand index: open admitted jobs and live unbound runners; undefined for all else. */
export function demandRow(item: LedgerItem): DemandRow | undefined {
  const seen =
    item.kind === 'job' ? jobDemand(item) : item.kind === 'runner' ? runnerSupply(item) : undefined;
  return seen && { ...seen, shard: shardOf(keyOf(seen.kind, seen.id), DEMAND_SHARDS) };
}

type Unplaced = Omit<DemandRow, 'shard'>;

function jobDemand(job: Extract<LedgerItem, { kind: 'job' }>): Unplaced | undefined {
  const { pool, shape, group, intent } = job;
  const isOpen = job.fact === 'queued' && job.outcome === 'open';
  const wantsRunner = intent.step === 'waiting' || intent.step === 'launching';
  if (!isOpen || !wantsRunner || pool === null || shape === null || group === null) return undefined;
  return { kind: 'job', id: job.jobId, shape, group, since: job.at.queued, state: 'queued' };
}

function runnerSupply(runner: Extract<LedgerItem, { kind: 'runner' }>): Unplaced | undefined {
  const { rank, shape, intent } = runner;
  if (rank === 'busy' || rank === 'ended' || runner.job !== null || intent.end !== null) return undefined;
  const { group } = intent;
  return { kind: 'runner', id: runner.instanceId, shape, group, since: runner.at.launched, state: rank };
}

/** Partition key of the demand index. */
export const demandPartition = (shape: string, shard: number): string => `${shape}#${shard}`;

/** Sort key prefix of one kind in one group: within it rows stand oldest first. */
export const demandPrefix = (group: string, kind: DemandHint['kind']): string => `${group}#${kind}#`;

/** Sort key of a row in the demand index. */
export const demandKey = (row: DemandHint): string =>
  `${demandPrefix(row.group, row.kind)}${String(row.since).padStart(SINCE_DIGITS, '0')}#${row.id}`;

/** Order of hints in an answer: oldest first; ties by kind and id, so that two readers see one order. */
export function byAge(a: DemandHint, b: DemandHint): number {
  if (a.since !== b.since) return a.since - b.since;
  return demandKey(a) < demandKey(b) ? -1 : 1;
}
