import * as z from 'zod/mini';
import { epochMs, foreignText, githubId, instanceId } from './text.ts';

/** Largest report read, in bytes. */
export const REPORT_BYTES_MAX = 16_384;

/** How the Listener's life ended: from the Worker's log first, the exit code second (github-protocol §3.1). */
export const listenerVerdict = z.enum(['ran', 'unused', 'outdated', 'session-conflict', 'denied', 'failed']);
export type ListenerVerdict = z.infer<typeof listenerVerdict>;

/** Phases that the agent times by its own clock; all it says is untrusted input. */
export const phaseName = z.enum(['boot', 'claim', 'online', 'job-start', 'job-end']);

/**
 * POST body of the report endpoint; `Authorization: Bearer <report token>` lets a runner speak of itself alone.
 * `idle` asks to be deregistered: the answer says whether a job is on its way.
 */
export const reportRequest = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('phase'),
    protocolVersion: z.int(),
    instanceId,
    phase: phaseName,
    at: epochMs,
    runId: z.optional(githubId),
    runAttempt: z.optional(z.int()),
  }),
  z.object({ kind: z.literal('heartbeat'), protocolVersion: z.int(), instanceId, workerAlive: z.boolean() }),
  z.object({ kind: z.literal('idle'), protocolVersion: z.int(), instanceId }),
  z.object({
    kind: z.literal('final'),
    protocolVersion: z.int(),
    instanceId,
    verdict: listenerVerdict,
    exitCode: z.nullable(z.int()),
    jobStartedAt: z.nullable(epochMs),
    jobEndedAt: z.nullable(epochMs),
    note: foreignText(500),
  }),
]);
export type ReportRequest = z.infer<typeof reportRequest>;

/**
 * `carry-on`: nothing to do. `stop`: end now (spot notice or an operator). For `idle` alone: `deregistered` (stop unless
 * a Worker runs) or `job-coming` (GitHub answered 422: keep listening).
 */
export const reportAnswer = z.object({
  answer: z.enum(['carry-on', 'stop', 'deregistered', 'job-coming']),
  why: z.optional(z.string()),
});
export type ReportAnswer = z.infer<typeof reportAnswer>;
