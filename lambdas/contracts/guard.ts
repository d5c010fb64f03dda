import * as z from 'zod/mini';
import { foreignText, githubId, instanceId } from './text.ts';

/** Largest question read, in bytes. */
export const GUARD_BYTES_MAX = 16_384;

/** The job-started check: what the hook saw, asked through the agent with the runner's report token. */
export const guardRequest = z.object({
  protocolVersion: z.int(),
  instanceId,
  repository: z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/)),
  repositoryId: githubId,
  runId: githubId,
  runAttempt: z.int().check(z.positive()),
  workflowRef: foreignText(500),
  workflowSha: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)),
  event: z.string().check(z.regex(/^[a-z_]{1,60}$/)),
  actor: foreignText(100),
});
export type GuardRequest = z.infer<typeof guardRequest>;

/** `later` asks for a repeat within the agent's 60 s deadline. Only `allow` lets the job go on. */
export const guardAnswer = z.object({
  decision: z.enum(['allow', 'deny', 'later']),
  reason: z.string().check(z.maxLength(300)),
});
export type GuardAnswer = z.infer<typeof guardAnswer>;
