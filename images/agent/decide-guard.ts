import * as z from 'zod/mini';
import { type GuardRequest, guardAnswer } from '../../lambdas/contracts/guard.ts';
import { PROTOCOL_VERSION } from '../../lambdas/contracts/text.ts';
import { spacing } from './decide-spacing.ts';
import type { HttpAnswer } from './http.ts';

/** What the hook tells: GitHub's own variables, as the runner sets them for it (github-protocol §3.4). */
const hookFacts = z.object({
  GITHUB_REPOSITORY: z.string(),
  GITHUB_REPOSITORY_ID: z.string(),
  GITHUB_RUN_ID: z.string(),
  GITHUB_RUN_ATTEMPT: z.string(),
  GITHUB_WORKFLOW_REF: z.string(),
  GITHUB_WORKFLOW_SHA: z.string(),
  GITHUB_EVENT_NAME: z.string(),
  GITHUB_ACTOR: z.string(),
});

/** The question for the guard; undefined when the hook's line is not what a runner sets. The guard checks each value. */
export function questionOf(line: string, instanceId: string): GuardRequest | undefined {
  const told = hookFacts.safeParse(jsonOf(line)).data;
  return (
    told && {
      protocolVersion: PROTOCOL_VERSION,
      instanceId,
      repository: told.GITHUB_REPOSITORY,
      repositoryId: told.GITHUB_REPOSITORY_ID,
      runId: told.GITHUB_RUN_ID,
      runAttempt: Number(told.GITHUB_RUN_ATTEMPT),
      workflowRef: told.GITHUB_WORKFLOW_REF.slice(0, 500),
      workflowSha: told.GITHUB_WORKFLOW_SHA,
      event: told.GITHUB_EVENT_NAME,
      actor: told.GITHUB_ACTOR.slice(0, 100),
    }
  );
}

export type GuardStep =
  | { readonly do: 'allow' }
  | { readonly do: 'deny'; readonly why: string }
  | { readonly do: 'ask-again'; readonly afterMs: number };

/** Longest wait between two questions: the hook's job stands still meanwhile. */
const SPACING_MAX_MS = 5_000;

/**
 * What an answer means. Only a clear yes lets the job go on. An outage (no answer, 429, 5xx) and a guard that does not know
 * yet are asked again until the deadline; so is a refusal, since the ledger may be late. Then the answer is no.
 */
export function decideGuard(
  answer: HttpAnswer | undefined,
  at: { readonly tries: number; readonly spentMs: number; readonly maxMs: number; readonly fraction: number },
): GuardStep {
  const told = answer?.status === 200 ? guardAnswer.safeParse(jsonOf(answer.body)).data : undefined;
  if (told?.decision === 'allow') return { do: 'allow' };
  if (told?.decision === 'deny') return { do: 'deny', why: told.reason };
  const afterMs = spacing(at.tries, SPACING_MAX_MS, at.fraction);
  if (at.spentMs + afterMs < at.maxMs) return { do: 'ask-again', afterMs };
  const last = told?.reason ?? (answer === undefined ? 'no answer' : `answer ${answer.status}`);
  return { do: 'deny', why: `no decision within ${at.maxMs / 1_000} s (${last})` };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
