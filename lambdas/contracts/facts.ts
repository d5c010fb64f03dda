import * as z from 'zod/mini';
import { permissionLevel, tokenAccess } from './admission.ts';
import { repositoryRef } from './job-event.ts';
import { epochMs, foreignText, githubId, SCHEMA_VERSION } from './text.ts';

const who = z.object({ id: githubId, login: foreignText(100) });
const sha = z.string().check(z.regex(/^[0-9a-f]{40,64}$/));

/** A fact that GitHub answered as absent is null; one that could not be fetched is missing altogether (DESIGN §2 rule 6). */
export const runFacts = z.object({
  runId: githubId,
  runAttempt: z.int().check(z.positive()),
  event: z.string().check(z.regex(/^[a-z_]{1,60}$/)),
  path: foreignText(500),
  headSha: sha,
  headBranch: z.nullable(foreignText(255)),
  repositoryId: githubId,
  /** The repository as it is called, owned and seen now; left out in facts of older versions. */
  repository: z.optional(repositoryRef),
  /** Null: the head repository was deleted. It counts as a fork. */
  headRepositoryId: z.nullable(githubId),
  actor: z.nullable(who),
  triggeringActor: z.nullable(who),
  referencedWorkflows: z.array(z.object({ path: foreignText(500), sha })),
  status: foreignText(40),
});
export type RunFacts = z.infer<typeof runFacts>;

/** One `uses` of a workflow file. */
export const usedAction = z.object({
  what: z.enum(['action', 'workflow']),
  text: foreignText(300),
  line: z.int().check(z.positive()),
  /** sha: a full commit; digest: an image by its digest; local: of the same commit; loose: a name that can move. */
  pin: z.enum(['sha', 'digest', 'local', 'loose', 'unknown']),
});
export type UsedAction = z.infer<typeof usedAction>;

/** What a job's token may do: `all` for kinds that are not named. Null: the file does not say. */
export const permissionUse = z.object({
  job: foreignText(100),
  granted: z.nullable(z.object({ all: tokenAccess, scopes: z.record(z.string(), tokenAccess) })),
});
export type PermissionUse = z.infer<typeof permissionUse>;

export const workflowFile = z.object({
  actions: z.array(usedAction),
  permissions: z.array(permissionUse),
});
export type WorkflowFile = z.infer<typeof workflowFile>;

/** The workflow file of the run, at the commit it truly comes from. */
export const workflowFact = z.object({
  /** False: the true commit is known on the runner only (a merge commit); the head's file stands for it until then. */
  isExact: z.boolean(),
  blob: sha,
  /** Null: the file is there and cannot be judged; `why` says so. */
  file: z.nullable(workflowFile),
  why: z.nullable(foreignText(200)),
});
export type WorkflowFact = z.infer<typeof workflowFact>;

/**
 * The facts document of admission, version 1: all that a decision may rest on, live and offline. What is missing was not
 * asked for or could not be fetched; a rule that needs it then holds the job.
 */
export const factsDocument = z.object({
  v: z.literal(SCHEMA_VERSION),
  /** When the decision is made. */
  at: epochMs,
  jobId: githubId,
  labels: z.array(foreignText(256)),
  pool: z.string(),
  repository: repositoryRef,
  /** The environment that the job targets; null when it targets none. */
  environment: z.optional(z.nullable(foreignText(255))),
  run: z.optional(z.nullable(runFacts)),
  /** What the run's `headBranch` names in the repository, and whether a rule protects it. */
  ref: z.optional(
    z.nullable(z.object({ isBranch: z.boolean(), isTag: z.boolean(), isProtected: z.boolean() })),
  ),
  permissions: z.optional(z.nullable(z.object({ actor: permissionLevel, triggeringActor: permissionLevel }))),
  workflow: z.optional(z.nullable(workflowFact)),
  /** Blob of the same path on the default branch. */
  defaultBlob: z.optional(z.nullable(sha)),
  /** Lower-case `owner/repo@ref` of the actions that the lock file (.github/workflows/actions.lock) fixes for this file. */
  lockedActions: z.optional(z.nullable(z.array(foreignText(300)))),
  protection: z.optional(
    z.nullable(z.object({ reviewers: z.int().check(z.nonnegative()), hasBranchPolicy: z.boolean() })),
  ),
  codeowners: z.optional(z.nullable(z.object({ owner: foreignText(200), isReviewRequired: z.boolean() }))),
  /** The newest check of each name and App on the head commit. */
  checks: z.optional(
    z.nullable(
      z.array(z.object({ name: foreignText(200), appId: githubId, conclusion: z.nullable(foreignText(40)) })),
    ),
  ),
});
export type FactsDocument = z.infer<typeof factsDocument>;

/** Facts that cost calls to GitHub, each asked for only where a rule of the pool needs it. */
export const GATHERED = [
  'ref',
  'permissions',
  'workflow',
  'defaultBlob',
  'lockedActions',
  'protection',
  'codeowners',
  'checks',
] as const;
export type GatheredName = (typeof GATHERED)[number];
export type FactName = GatheredName | 'environment' | 'run';
export const gatheredFacts = z.pick(factsDocument, {
  ref: true,
  permissions: true,
  workflow: true,
  defaultBlob: true,
  lockedActions: true,
  protection: true,
  codeowners: true,
  checks: true,
});
export type GatheredFacts = z.infer<typeof gatheredFacts>;

/** One rule's word on a job. */
export const ruleResult = z.object({
  rule: z.string(),
  verdict: z.enum(['allow', 'deny', 'hold']),
  reason: z.nullable(z.string()),
  /** In plain words, bounded: names in it are foreign text. */
  says: foreignText(300),
});
export type RuleResult = z.infer<typeof ruleResult>;

export const decision = z.object({
  verdict: z.enum(['allow', 'deny', 'hold']),
  reasons: z.array(z.string()),
});
