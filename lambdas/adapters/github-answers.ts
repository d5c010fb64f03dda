import * as z from 'zod/mini';
import { jitFiles } from '../contracts/claim.ts';
import { type RunFacts, runFacts } from '../contracts/facts.ts';
import { type RepositoryRef, repositoryRef } from '../contracts/job-event.ts';
import type { Minted, SeenJob, SeenRunner } from '../ports/github.ts';
import { jsonOf } from './json.ts';

/**
 * GitHub's answers as the ports want them. Each reader gives undefined for an answer of another form; none says what it
 * got, since answers hold credentials and foreign text.
 */

/** Octokit's parser keeps ids that a number cannot hold as bigint; the rest are numbers. */
export const id = z.pipe(
  z.union([z.int().check(z.positive()), z.bigint()]),
  z.transform((value) => String(value)),
);

const created = z.object({ runner: z.object({ id }), encoded_jit_config: z.string() });

/** The registration's id, and the three files that stand base64-coded in one base64-coded JSON (github-protocol §2.3). */
export function mintedOf(answer: unknown): Minted | undefined {
  const parsed = created.safeParse(answer).data;
  if (parsed === undefined) return undefined;
  const files = jitFiles.safeParse(jsonOf(Buffer.from(parsed.encoded_jit_config, 'base64').toString('utf8')));
  return files.success ? { runnerId: parsed.runner.id, jit: files.data } : undefined;
}

const runner = z.object({ id, name: z.string(), status: z.string(), busy: z.boolean() });
const runnerPage = z.object({ total_count: z.int(), runners: z.array(runner) });

export interface RunnerPage {
  readonly total: number;
  readonly runners: readonly SeenRunner[];
}

export function runnersOf(answer: unknown): RunnerPage | undefined {
  const page = runnerPage.safeParse(answer).data;
  return (
    page && {
      total: page.total_count,
      runners: page.runners.map(({ id: runnerId, name, status, busy }) => ({
        runnerId,
        name,
        online: status === 'online',
        busy,
      })),
    }
  );
}

/** Text that GitHub or an author wrote, cut to its bound; a control character becomes a space. */
export const foreign = (charsMax: number) =>
  z.pipe(
    z.string(),
    z.transform((text) =>
      text
        .replace(/\p{Cc}/gu, ' ')
        .slice(0, charsMax)
        .toWellFormed(),
    ),
  );

const user = z.nullish(z.object({ id, login: foreign(100) }));
const repositoryPart = z.object({
  id,
  full_name: z.optional(z.string()),
  private: z.optional(z.boolean()),
  visibility: z.optional(z.string()),
  fork: z.optional(z.boolean()),
  owner: z.nullish(z.object({ id, login: z.string(), type: z.string() })),
});

/** The repository in our form; undefined where an answer shows too little of it. */
export function repositoryRefOf(seen: z.infer<typeof repositoryPart>): RepositoryRef | undefined {
  return repositoryRef.safeParse({
    id: seen.id,
    fullName: seen.full_name,
    ownerId: seen.owner?.id,
    ownerLogin: seen.owner?.login,
    ownerType: seen.owner?.type,
    visibility: seen.visibility ?? (seen.private === false ? 'public' : 'private'),
    fork: seen.fork ?? false,
  }).data;
}

function repositoryNow(seen: z.infer<typeof repositoryPart>): { readonly repository?: RepositoryRef } {
  const repository = repositoryRefOf(seen);
  return repository === undefined ? {} : { repository };
}

const run = z.object({
  id,
  run_attempt: z.optional(z.int()),
  event: z.string(),
  path: foreign(500),
  head_sha: z.string(),
  head_branch: z.nullable(foreign(255)),
  repository: repositoryPart,
  head_repository: z.nullish(z.object({ id })),
  actor: user,
  triggering_actor: user,
  referenced_workflows: z.nullish(z.array(z.object({ path: foreign(500), sha: z.string() }))),
  status: z.nullable(foreign(40)),
});

/** What admission looks at; a fact that GitHub answers as absent is null. */
export function runOf(answer: unknown): RunFacts | undefined {
  const seen = run.safeParse(answer).data;
  if (seen === undefined) return undefined;
  return runFacts.safeParse({
    runId: seen.id,
    runAttempt: seen.run_attempt ?? 1,
    event: seen.event,
    path: seen.path,
    headSha: seen.head_sha,
    headBranch: seen.head_branch,
    repositoryId: seen.repository.id,
    ...repositoryNow(seen.repository),
    headRepositoryId: seen.head_repository?.id ?? null,
    actor: seen.actor ?? null,
    triggeringActor: seen.triggering_actor ?? null,
    referencedWorkflows: seen.referenced_workflows ?? [],
    status: seen.status ?? '',
  }).data;
}

/** Runs of a list; one that cannot be read is left out. */
export const runsOf = (answer: unknown): readonly RunFacts[] | undefined =>
  z
    .object({ workflow_runs: z.array(z.unknown()) })
    .safeParse(answer)
    .data?.workflow_runs.flatMap((one) => runOf(one) ?? []);

const job = z.object({
  status: z.enum(['queued', 'waiting', 'requested', 'pending', 'in_progress', 'completed']),
  runner_name: z.nullish(foreign(100)),
  conclusion: z.nullish(foreign(40)),
});

export function jobOf(answer: unknown): SeenJob | undefined {
  const seen = job.safeParse(answer).data;
  // GitHub writes "no runner" as null or as an empty name.
  return (
    seen && { status: seen.status, runnerName: seen.runner_name || null, conclusion: seen.conclusion ?? null }
  );
}
