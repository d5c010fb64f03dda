import * as z from 'zod/mini';
import { queueName } from './places.ts';
import { epochMs, SCHEMA_VERSION } from './text.ts';

/**
 * The folder `.mayfly/` that a local run leaves beside the project, newest run last:
 *
 *     .mayfly/latest                      text: the name of the newest run
 *     .mayfly/runs/<name>/run.json        this schema
 *     .mayfly/runs/<name>/cdk.out/        the synthesized template and its assets
 *     .mayfly/runs/<name>/ledger.jsonl    every ledger item at the end, one JSON object per line
 *     .mayfly/runs/<name>/dlq.jsonl       every message that was parked at the end, one JSON object per line
 *     .mayfly/runs/<name>/usage/          usage records, one JSON object per line and file
 *     .mayfly/runs/<name>/logs/           one file per function and per instance
 */
export const runFile = z.object({
  v: z.literal(SCHEMA_VERSION),
  name: z.string(),
  startedAt: epochMs,
  endedAt: z.nullable(epochMs),
  speed: z.number(),
  jobs: z.int(),
  stackId: z.string(),
  /** While the run lasts: where its emulated AWS answers, and its clock (`speed` times as fast from `epochMs` on). */
  live: z.optional(z.object({ endpointUrl: z.string(), region: z.string(), stackName: z.string(), epochMs })),
  /** Simulated time at the end: what the times in `ledger.jsonl` and `dlq.jsonl` are compared with. */
  ledgerNow: z.optional(epochMs),
  summary: z.nullable(z.record(z.string(), z.unknown())),
});
export type RunFile = z.infer<typeof runFile>;

/** A message that failed too often, as it lies in its parking queue (a line of `dlq.jsonl`). */
export const parkedMessage = z.object({
  queue: queueName,
  messageId: z.string().check(z.minLength(1), z.maxLength(100)),
  /** Exactly as it was sent: what a replay sends again. */
  body: z.string(),
  sentAt: epochMs,
  /** How often it was received, by SQS's count: in its own queue, and by each look at the parking queue. */
  receives: z.int().check(z.nonnegative()),
});
export type ParkedMessage = z.infer<typeof parkedMessage>;
