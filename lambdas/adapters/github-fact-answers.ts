import * as z from 'zod/mini';
import type { FactsDocument } from '../contracts/facts.ts';
import { foreign, id } from './github-answers.ts';

/** GitHub's answers about a run's surroundings, as admission wants them; undefined for an answer of another form. */

export const somethingOf = (answer: unknown): true | undefined =>
  typeof answer === 'object' && answer !== null ? true : undefined;

export const branchOf = (answer: unknown): { readonly isProtected: boolean } | undefined => {
  const seen = z.object({ protected: z.boolean() }).safeParse(answer).data;
  return seen && { isProtected: seen.protected };
};

export interface BranchRules {
  readonly isPullRequestRequired: boolean;
  readonly isCodeOwnerReviewRequired: boolean;
}

const rule = z.object({
  type: z.string(),
  parameters: z.optional(z.object({ require_code_owner_review: z.optional(z.boolean()) })),
});

export function branchRulesOf(answer: unknown): BranchRules | undefined {
  const rules = z
    .array(rule)
    .safeParse(answer)
    .data?.filter(({ type }) => type === 'pull_request');
  return (
    rules && {
      isPullRequestRequired: rules.length > 0,
      isCodeOwnerReviewRequired: rules.some(
        ({ parameters }) => parameters?.require_code_owner_review === true,
      ),
    }
  );
}

const permission = z.object({
  permission: z.string(),
  role_name: z.optional(z.string()),
  user: z.nullable(z.object({ id })),
});

/** `role_name` tells triage and maintain apart; a custom role shows the standard one it builds on as `permission`. */
export function permissionOf(
  answer: unknown,
): { readonly level: string; readonly userId: string | null } | undefined {
  const seen = permission.safeParse(answer).data;
  if (seen === undefined) return undefined;
  const isStandard = seen.role_name === 'triage' || seen.role_name === 'maintain';
  return { level: isStandard ? (seen.role_name ?? '') : seen.permission, userId: seen.user?.id ?? null };
}

export interface FileAnswer {
  readonly blob: string;
  /** Null: no plain file (a link, a folder behind the name), or too large for the answer. */
  readonly text: string | null;
}

const file = z.object({
  type: z.string(),
  sha: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)),
  encoding: z.optional(z.string()),
  content: z.optional(z.string()),
});

export function fileOf(answer: unknown): FileAnswer | undefined {
  const seen = file.safeParse(answer).data;
  if (seen === undefined) return undefined;
  const isText = seen.type === 'file' && seen.encoding === 'base64';
  return { blob: seen.sha, text: isText ? Buffer.from(seen.content ?? '', 'base64').toString('utf8') : null };
}

const environment = z.object({
  protection_rules: z.optional(
    z.array(z.object({ type: z.string(), reviewers: z.optional(z.array(z.unknown())) })),
  ),
  deployment_branch_policy: z.nullish(z.object({})),
});

export function protectionOf(answer: unknown): NonNullable<FactsDocument['protection']> | undefined {
  const seen = environment.safeParse(answer).data;
  if (seen === undefined) return undefined;
  const rules = (seen.protection_rules ?? []).filter(({ type }) => type === 'required_reviewers');
  return {
    reviewers: rules.reduce((sum, { reviewers }) => sum + (reviewers?.length ?? 0), 0),
    hasBranchPolicy: (seen.deployment_branch_policy ?? null) !== null,
  };
}

export const defaultBranchOf = (answer: unknown): string | undefined =>
  z.object({ default_branch: z.string() }).safeParse(answer).data?.default_branch;

const checkPage = z.object({
  total_count: z.int(),
  check_runs: z.array(
    z.object({
      name: foreign(200),
      status: z.string(),
      conclusion: z.nullish(foreign(40)),
      app: z.nullish(z.object({ id })),
    }),
  ),
});

export interface CheckPage {
  readonly total: number;
  readonly checks: NonNullable<FactsDocument['checks']>;
}

export function checksOf(answer: unknown): CheckPage | undefined {
  const page = checkPage.safeParse(answer).data;
  return (
    page && {
      total: page.total_count,
      checks: page.check_runs.flatMap(({ name, status, conclusion, app }) =>
        app
          ? [{ name, appId: app.id, conclusion: status === 'completed' ? (conclusion ?? null) : null }]
          : [],
      ),
    }
  );
}
