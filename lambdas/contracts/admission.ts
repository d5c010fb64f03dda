import * as z from 'zod/mini';
import { githubId } from './text.ts';

/** A pattern of names: `*` is any text without a slash, `**` any text. Anchored at both ends; compared with case. */
const pattern = z.string().check(z.minLength(1), z.maxLength(255));
const patterns = z.array(pattern).check(z.minLength(1), z.maxLength(100));

/** What a person may do in a repository, weakest first (REST, collaborator permission). */
export const PERMISSIONS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export const permissionLevel = z.enum(PERMISSIONS);
export type PermissionLevel = z.infer<typeof permissionLevel>;

/** What a workflow's token may do with one kind of thing. */
export const tokenAccess = z.enum(['none', 'read', 'write']);
export type TokenAccess = z.infer<typeof tokenAccess>;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** Minutes since midnight. */
const minuteOfDay = z.int().check(z.minimum(0), z.maximum(1440));

/**
 * The rules of a pool, compiled from mayfly.yaml. Each rule that is there must be satisfied; one that is absent asks nothing.
 * A rule can only forbid: adding one never allows more.
 */
export const admissionRules = z.object({
  /** Ids of the repositories that may use the pool. Names can be given away; ids cannot. */
  repositories: z.optional(z.array(githubId).check(z.minLength(1), z.maxLength(1_000))),
  visibilities: z.optional(z.array(z.enum(['public', 'internal', 'private'])).check(z.minLength(1))),
  events: z.optional(
    z.array(z.string().check(z.regex(/^[a-z_]{1,60}$/))).check(z.minLength(1), z.maxLength(50)),
  ),
  /** Branches and tags apart: a branch may be named like a tag. An empty list admits none of its kind. */
  refs: z.optional(z.object({ branches: z.array(pattern), tags: z.array(pattern) })),
  /** Both the actor and whoever triggered the attempt must have this permission, or be a named bot. */
  actors: z.optional(
    z.object({ permission: permissionLevel, bots: z.array(githubId).check(z.maxLength(100)) }),
  ),
  /** Paths of the workflow file. */
  workflows: z.optional(patterns),
  /** `owner/repo/path` patterns of reusable workflows; pinned: called by a full SHA. */
  reusable: z.optional(z.object({ allowed: z.optional(patterns), pinned: z.boolean() })),
  /** The workflow file is the default branch's, or its ref is protected. */
  workflowUnchanged: z.optional(z.literal(true)),
  /** Every action by a full SHA or digest, local, or covered by the lock file; owners: whose actions may be used at all. */
  actionsPinned: z.optional(
    z.object({ owners: z.optional(z.array(z.string()).check(z.minLength(1), z.maxLength(100))) }),
  ),
  /** Most that any job of the file may be given, by kind; kinds not named may be read at most where `other` says so. */
  permissionsMax: z.optional(z.object({ scopes: z.record(z.string(), tokenAccess), other: tokenAccess })),
  /** The job must target one of these environments, and it must be guarded as said. */
  environments: z.optional(
    z.object({ names: patterns, reviewersMin: z.int().check(z.minimum(0)), branchPolicy: z.boolean() }),
  ),
  /** A code owner covers .github/workflows and the default branch requires the owner's review. */
  codeowners: z.optional(z.literal(true)),
  /** Checks that are green on the head commit, each by the App that may say so. */
  checks: z.optional(
    z
      .array(z.object({ name: z.string().check(z.maxLength(200)), appId: githubId }))
      .check(z.minLength(1), z.maxLength(50)),
  ),
  /** Times in which the pool is open; outside them jobs wait. */
  window: z.optional(
    z.object({
      timeZone: z.string().check(z.maxLength(60)),
      days: z.array(z.enum(DAYS)).check(z.minLength(1)),
      from: minuteOfDay,
      to: minuteOfDay,
    }),
  ),
});
export type AdmissionRules = z.infer<typeof admissionRules>;
export type RuleName = keyof AdmissionRules;

/** How the rules of a pool act. `observe` records what `enforce` would have done; owner, visibility and forks are always enforced. */
export const admissionMode = z.enum(['enforce', 'observe']);
