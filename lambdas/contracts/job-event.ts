import * as z from 'zod/mini';
import { epochMs, foreignText, githubId, SCHEMA_VERSION } from './text.ts';

/** At most this many labels are read; GitHub allows no more on a JIT registration (REST, generate-jitconfig). */
export const LABELS_MAX = 100;

const login = z.string().check(z.regex(/^[A-Za-z0-9_.[\]-]{1,100}$/));

export const repositoryRef = z.object({
  id: githubId,
  /** `owner/name` as GitHub wrote it at the time: for display and REST paths; the id is the identity. */
  fullName: z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/)),
  ownerId: githubId,
  ownerLogin: login,
  ownerType: z.enum(['Organization', 'User']),
  visibility: z.enum(['public', 'private', 'internal']),
  /** The *base* repository is itself a fork; says nothing of the run's head (github-protocol §8.2). */
  fork: z.boolean(),
});
export type RepositoryRef = z.infer<typeof repositoryRef>;

/**
 * One `workflow_job` webhook, projected: the only thing that webhook puts on the jobs queue. All fields come from the
 * signed body. `delivery` alone is an unsigned header: for the log only, never for a decision.
 */
export const jobEvent = z.object({
  v: z.literal(SCHEMA_VERSION),
  kind: z.literal('job'),
  action: z.enum(['queued', 'waiting', 'in_progress', 'completed']),
  jobId: githubId,
  runId: githubId,
  runAttempt: z.int().check(z.positive()),
  status: z.enum(['queued', 'waiting', 'requested', 'pending', 'in_progress', 'completed']),
  conclusion: z.nullable(foreignText(40)),
  labels: z.array(foreignText(256)).check(z.maxLength(LABELS_MAX)),
  name: foreignText(200),
  workflowName: z.nullable(foreignText(200)),
  headBranch: z.nullable(foreignText(255)),
  /** The environment that the job targets, where GitHub says so; left out or null: none. */
  environment: z.optional(z.nullable(foreignText(255))),
  headSha: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)),
  createdAt: epochMs,
  startedAt: z.nullable(epochMs),
  completedAt: z.nullable(epochMs),
  /** Null, 0 and "" all mean "no runner" in payloads; only a real name stands here. */
  runnerName: z.nullable(foreignText(100)),
  runnerId: z.nullable(githubId),
  repository: repositoryRef,
  installationId: z.nullable(githubId),
  senderLogin: z.nullable(login),
  receivedAt: epochMs,
  delivery: z.nullable(foreignText(100)),
});
export type JobEvent = z.infer<typeof jobEvent>;
