import { z } from 'zod';
import { type Answer, answerOf, notFound, refusal } from './answer.ts';
import { keyInFile } from './jit.ts';
import type { GitHubModel } from './model.ts';

/** Where the protocol lives; `.runner` of every JIT configuration names it as ServerUrlV2. */
export const RUNNER_ROOT = '/_runner/';

export interface RunnerRequest {
  readonly method: string;
  /** Below the root, without query. */
  readonly path: string;
  readonly body: unknown;
}

const connectFile = z.object({
  clientId: z.string(),
  /** The text of `.credentials_rsaparams`. */
  rsaParams: z.string(),
  version: z.string(),
  os: z.optional(z.string()),
});

const finishFile = z.object({
  conclusion: z.enum(['success', 'failure', 'cancelled', 'skipped', 'timed_out']),
  steps: z.array(
    z.object({
      name: z.string(),
      conclusion: z.enum(['success', 'failure', 'cancelled', 'skipped']),
      startedAt: z.number(),
      completedAt: z.number(),
    }),
  ),
});

const REFUSED_STATUS = { 'invalid-client': 401, 'session-conflict': 409, 'version-deprecated': 426 } as const;

/**
 * The runner's calls over HTTP, ours and simpler than GitHub's:
 * POST sessions → 201 {sessionId} | 401 | 409 | 426; GET sessions/S/message → 200 {kind, jobId?};
 * POST sessions/S/jobs/J/acquire → 200 job | 404; …/renew and …/finish → 204 | 404; DELETE sessions/S → 204.
 */
export function answerRunner(model: GitHubModel, request: RunnerRequest, now: number): Answer {
  const { method, path, body } = request;
  const [root, sessionId = '', what, jobId = '', act] = path.split('/');
  if (root !== 'sessions') return notFound();
  if (method === 'POST' && sessionId === '') return open(model, body, now);
  if (method === 'DELETE' && what === undefined) {
    model.disconnect(sessionId, now);
    return answerOf(204);
  }
  if (method === 'GET' && what === 'message') return answerOf(200, model.poll(sessionId, now));
  if (method !== 'POST' || what !== 'jobs') return notFound();
  const which = { sessionId, jobId };
  if (act === 'acquire') {
    const message = model.acquire(which, now);
    return message === undefined ? notFound() : answerOf(200, message);
  }
  if (act === 'renew') return model.renew(which, now) ? answerOf(204) : notFound();
  if (act !== 'finish') return notFound();
  const result = finishFile.safeParse(body);
  if (!result.success) return refusal(422, 'finish: want conclusion and steps, got something else');
  return model.finish({ ...which, ...result.data }, now) ? answerOf(204) : notFound();
}

function open(model: GitHubModel, body: unknown, now: number): Answer {
  const wish = connectFile.safeParse(body);
  if (!wish.success) return refusal(422, 'session: want clientId, rsaParams and version, got something else');
  const { clientId, rsaParams, version, os } = wish.data;
  const key = keyInFile(rsaParams) ?? '';
  const answer = model.connect({ clientId, key, version, ...(os !== undefined && { os }) }, now);
  if (answer.kind === 'session') return answerOf(201, answer);
  return refusal(REFUSED_STATUS[answer.reason], answer.reason);
}

/** The session of a message poll, which alone may be held open until there is something to say. */
export const polledSession = ({ method, path }: RunnerRequest): string | undefined =>
  method === 'GET' ? /^sessions\/([^/]+)\/message$/.exec(path)?.[1] : undefined;
