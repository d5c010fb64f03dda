import * as z from 'zod/mini';
import { runnerRules } from './claim.ts';
import { gatheredFacts, runFacts } from './facts.ts';
import { repositoryRef } from './job-event.ts';
import { head } from './ledger-head.ts';
import { hookItem, surveyItem, sweepItem } from './ledger-sweep.ts';
import { reason } from './reasons.ts';
import { epochMs, foreignText, githubId, instanceId, poolName, shortHash, ticket } from './text.ts';

/** Seconds since the epoch after which DynamoDB may drop the item; null while it is open. */
const expiresAtSeconds = z.nullable(z.int());

/** One change of state or reason; a repeat of the last entry bumps `count` and `lastAt`. Numbered from 1. */
export const timelineEntry = z.object({
  n: z.int().check(z.positive()),
  at: epochMs,
  lastAt: epochMs,
  count: z.int().check(z.positive()),
  from: z.string(),
  to: z.string(),
  by: z.enum(['webhook', 'dispatch', 'claim', 'report', 'guard', 'observe', 'sweep', 'teardown', 'operator']),
  reason,
  /** At most 200 bytes; ours, never foreign text. */
  why: z.string().check(z.maxLength(200)),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

export const timeline = z.object({
  next: z.int().check(z.positive()),
  auditedTo: z.int(),
  entries: z.array(timelineEntry),
});
export type Timeline = z.infer<typeof timeline>;

export const jobIntent = z.object({
  /** Raised by one for each launch made for the job: dispatch and sweep can never both launch for one attempt. */
  attempt: z.int().check(z.nonnegative()),
  /** held: admission is open. waiting: wants a launch. launching: a launch was made. none: nothing is wanted. */
  step: z.enum(['none', 'held', 'waiting', 'launching']),
  ticket: z.nullable(ticket),
  /** When the sweep looks at the job next; null when it need not. */
  due: z.nullable(epochMs),
  /** Machines launched for the job that idled out while it stayed queued: each spaces the next further. Left out: none. */
  idled: z.optional(z.int().check(z.nonnegative())),
  reason,
});

export const jobItem = z.object({
  ...head,
  kind: z.literal('job'),
  jobId: githubId,
  runId: githubId,
  runAttempt: z.int().check(z.positive()),
  repository: repositoryRef,
  installationId: z.nullable(githubId),
  labels: z.array(foreignText(256)),
  name: foreignText(200),
  workflowName: z.nullable(foreignText(200)),
  senderLogin: z.nullable(z.string()),
  /** The environment that the job targets; left out or null: none. */
  environment: z.optional(z.nullable(foreignText(255))),
  /** When GitHub was last asked whether the job still waits; null: never. */
  checkedAt: z.nullable(epochMs),
  /** Reported by GitHub; forward only. */
  fact: z.enum(['queued', 'running', 'completed']),
  /** Our answer beside the facts; denied and ignored can be reopened by a newer fact or configuration. */
  outcome: z.enum(['open', 'denied', 'ignored']),
  intent: jobIntent,
  pool: z.nullable(poolName),
  shape: z.nullable(shortHash),
  group: z.nullable(shortHash),
  runner: z.nullable(z.object({ name: foreignText(100), instanceId: z.nullable(instanceId) })),
  conclusion: z.nullable(foreignText(40)),
  at: z.object({
    queued: epochMs,
    received: epochMs,
    admitted: z.nullable(epochMs),
    started: z.nullable(epochMs),
    completed: z.nullable(epochMs),
  }),
  timeline,
  expiresAtSeconds,
});
export type JobItem = z.infer<typeof jobItem>;

/** One GitHub registration that was asked for under a name; the name is written before GitHub is asked. */
export const registration = z.object({
  name: z.string().check(z.regex(/^mayfly-[a-z0-9]{8}-i-[0-9a-f]{8,17}-[a-z0-9]{4}$/)),
  runnerId: z.nullable(githubId),
  /** asked: GitHub may or may not know it. registered: it does. doomed: to be deleted. gone: it is. */
  state: z.enum(['asked', 'registered', 'doomed', 'gone']),
  at: epochMs,
});
export type Registration = z.infer<typeof registration>;

/** What the registrations of a group need: scope and labels, as the jobs of the group asked. */
export const target = z.object({
  installationId: githubId,
  scope: z.enum(['organization', 'repository']),
  owner: z.string(),
  repository: z.nullable(z.string()),
  labels: z.array(z.string()),
  runnerGroupId: z.int(),
});
export type Target = z.infer<typeof target>;

export const runnerItem = z.object({
  ...head,
  kind: z.literal('runner'),
  instanceId,
  ticket,
  pool: poolName,
  shape: shortHash,
  instanceType: z.string(),
  zone: z.string(),
  market: z.enum(['spot', 'on-demand']),
  imageId: z.string(),
  templateVersion: z.string(),
  /** launched < claimed < online < busy < ended, reported from outside; forward only. */
  rank: z.enum(['launched', 'claimed', 'online', 'busy', 'ended']),
  /** The demand it is meant for: a group, never one job. `cause` is a note: which job's launch brought it. */
  intent: z.object({
    group: shortHash,
    cause: z.nullable(githubId),
    /** Lease of the claim that is being answered; an attribute, longer than the function's timeout. */
    fence: z.nullable(z.string()),
    leaseUntil: z.nullable(epochMs),
    /** We decided to end it, and why; the sweep repeats the termination until EC2 says it is gone. */
    end: z.nullable(reason),
    due: z.nullable(epochMs),
  }),
  target,
  /** The rules of its pool at launch: a deploy in between changes nothing for it. */
  rules: runnerRules,
  claimDeadlineMs: z.int().check(z.positive()),
  claim: z.object({
    firstAt: z.nullable(epochMs),
    attempts: z.int().check(z.nonnegative()),
    /** SHA-256 of the boot random of the first valid claim. */
    bootHash: z.nullable(z.string()),
    /** Set by the write that allows the answer to leave: never answered 200 again. */
    deliveredAt: z.nullable(epochMs),
    reportTokenHash: z.nullable(z.string()),
  }),
  registrations: z.array(registration),
  /** Learnt from in_progress or the guard; null while unbound. */
  job: z.nullable(githubId),
  /** The run whose job the guard let start. */
  run: z.optional(z.object({ runId: githubId, runAttempt: z.int().check(z.positive()) })),
  verdict: z.nullable(z.string()),
  /** What was written of its usage: the revision, a digest of what it says, and when it is looked at again (null: never). */
  usage: z.optional(z.object({ revision: z.int(), digest: shortHash, due: z.nullable(epochMs) })),
  notice: z.nullable(z.object({ reason, at: epochMs })),
  at: z.object({
    launched: epochMs,
    running: z.nullable(epochMs),
    claimed: z.nullable(epochMs),
    online: z.nullable(epochMs),
    busy: z.nullable(epochMs),
    /** The Listener has ended, by the agent's word, or the job is completed, by GitHub's. */
    finished: z.nullable(epochMs),
    heartbeat: z.nullable(epochMs),
    ended: z.nullable(epochMs),
  }),
  timeline,
  expiresAtSeconds,
});
export type RunnerItem = z.infer<typeof runnerItem>;

/** The CreateFleet request as it was first made. It is replayed verbatim and never recomputed. */
export const frozenRequest = z.object({
  ticket,
  count: z.int().check(z.positive()),
  market: z.enum(['spot', 'on-demand']),
  templateId: z.string(),
  templateVersion: z.string(),
  imageId: z.string(),
  overrides: z.array(z.object({ instanceType: z.string(), subnetId: z.string(), zone: z.string() })),
  tags: z.record(z.string(), z.string()),
});
export type FrozenRequest = z.infer<typeof frozenRequest>;

export const launchItem = z.object({
  ...head,
  kind: z.literal('launch'),
  ticket,
  pool: poolName,
  shape: shortHash,
  /** open: its instances are not all known. resolved: they are. void: it may never be made (a tombstone). */
  state: z.enum(['open', 'resolved', 'void']),
  request: z.nullable(frozenRequest),
  /** The registration target of each group in `units`, by group. */
  targets: z.record(shortHash, target),
  rules: runnerRules,
  claimDeadlineMs: z.int().check(z.positive()),
  /** What each instance is for, in order: its group, and the job that caused it (a note). */
  units: z.array(z.object({ jobId: githubId, attempt: z.int(), group: shortHash })),
  instances: z.array(instanceId),
  replays: z.int().check(z.nonnegative()),
  createdAt: epochMs,
  due: z.nullable(epochMs),
  expiresAtSeconds,
});
export type LaunchItem = z.infer<typeof launchItem>;

/** Per pool: the breaker for machines that never come online, and the count against the ceiling. */
export const poolItem = z.object({
  ...head,
  kind: z.literal('pool'),
  pool: poolName,
  /** Runners launched or about to be, not yet ended: reserved before the launch, so the ceiling holds at every instant. */
  live: z.int().check(z.nonnegative()),
  /** When room was last reserved: for some minutes after it EC2 may not show all that was launched. */
  reservedAt: z.nullable(epochMs),
  /** Machines in a row that ended without coming online. */
  neverOnline: z.int().check(z.nonnegative()),
  probeAt: z.nullable(epochMs),
  /** An account limit or a refused request holds the pool's launches until then. */
  heldUntil: z.nullable(epochMs),
  heldReason: z.nullable(reason),
  heldTimes: z.int().check(z.nonnegative()),
});
export type PoolItem = z.infer<typeof poolItem>;

/** A token bucket shared by all functions. `promised` are tokens that booting instances will still ask for. */
export const budgetItem = z.object({
  ...head,
  kind: z.literal('budget'),
  name: z.string(),
  tokens: z.number(),
  at: epochMs,
  promised: z.array(z.object({ count: z.int().check(z.positive()), until: epochMs })),
  /** Shared breaker: no call before this time (retry-after, rate limit reset). */
  closedUntil: z.nullable(epochMs),
});
export type BudgetItem = z.infer<typeof budgetItem>;

/** Facts of one run attempt, fetched once for all its jobs. Null facts: GitHub does not know the run. */
export const runItem = z.object({
  ...head,
  kind: z.literal('run'),
  runId: githubId,
  runAttempt: z.int(),
  fetchedAt: epochMs,
  facts: z.nullable(runFacts),
  /** Further facts that rules asked for: good for minutes, and only for jobs of this environment. */
  gathered: z.optional(
    z.object({ at: epochMs, environment: z.nullable(foreignText(255)), facts: gatheredFacts }),
  ),
  /** Whose it is: what looking at it takes. Left out by older versions: nobody looks at such a run. */
  repository: z.optional(repositoryRef),
  installationId: z.optional(z.nullable(githubId)),
  /** Pools for which a job of it was admitted, and for which one was not: what the guard goes by. */
  admitted: z.optional(z.array(poolName)),
  refused: z.optional(z.array(poolName)),
  /** A job of it is ours to serve; undefined: not known yet. */
  isOurs: z.optional(z.boolean()),
  /** When the sweep looks at its jobs next: some may never have been announced. Null: it is over. */
  due: z.optional(z.nullable(epochMs)),
  /** GitHub's tag of the jobs as last seen, all of them known to the ledger; null: read them whole. */
  etag: z.optional(z.nullable(z.string().check(z.maxLength(200)))),
  expiresAtSeconds,
});
export type RunItem = z.infer<typeof runItem>;

/** `stop#all`: launches are stopped, for the whole stack or for some pools and repositories (since when, by name). */
export const stopItem = z.object({
  ...head,
  kind: z.literal('stop'),
  name: z.string(),
  /** For the whole stack. */
  stopped: z.boolean(),
  reason,
  at: epochMs,
  pools: z.optional(z.record(poolName, epochMs)),
  /** Full names in lower case. */
  repositories: z.optional(z.record(z.string(), epochMs)),
});
export type StopItem = z.infer<typeof stopItem>;

export const ledgerItem = z.discriminatedUnion('kind', [
  jobItem,
  runnerItem,
  launchItem,
  poolItem,
  budgetItem,
  runItem,
  sweepItem,
  hookItem,
  surveyItem,
  stopItem,
]);
export type LedgerItem = z.infer<typeof ledgerItem>;
export type ItemKind = LedgerItem['kind'];
export type ItemOf<K extends ItemKind> = Extract<LedgerItem, { kind: K }>;
