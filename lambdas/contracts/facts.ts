import * as z from 'zod/mini';
import { repositoryRef } from './job-event.ts';
import { foreignText, githubId, SCHEMA_VERSION } from './text.ts';

const who = z.object({ id: githubId, login: foreignText(100) });

/** A fact that GitHub answered as absent is null; one that could not be fetched is missing altogether (DESIGN §2 rule 6). */
export const runFacts = z.object({
  runId: githubId,
  runAttempt: z.int().check(z.positive()),
  event: z.string().check(z.regex(/^[a-z_]{1,60}$/)),
  path: foreignText(500),
  headSha: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)),
  headBranch: z.nullable(foreignText(255)),
  repositoryId: githubId,
  /** Null: the head repository was deleted. It counts as a fork. */
  headRepositoryId: z.nullable(githubId),
  actor: z.nullable(who),
  triggeringActor: z.nullable(who),
  referencedWorkflows: z.array(
    z.object({ path: foreignText(500), sha: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)) }),
  ),
  status: foreignText(40),
});
export type RunFacts = z.infer<typeof runFacts>;

/** The facts document of admission, version 1: all that a decision may rest on. */
export const factsDocument = z.object({
  v: z.literal(SCHEMA_VERSION),
  jobId: githubId,
  labels: z.array(foreignText(256)),
  pool: z.string(),
  repository: repositoryRef,
  run: z.optional(z.nullable(runFacts)),
});
export type FactsDocument = z.infer<typeof factsDocument>;

export const decision = z.object({
  verdict: z.enum(['allow', 'deny', 'hold']),
  reasons: z.array(z.string()),
});
