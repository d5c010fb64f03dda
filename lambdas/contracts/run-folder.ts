import * as z from 'zod/mini';
import { epochMs, SCHEMA_VERSION } from './text.ts';

/**
 * The folder `.mayfly/` that a local run leaves beside the project, newest run last:
 *
 *     .mayfly/latest                      text: the name of the newest run
 *     .mayfly/runs/<name>/run.json        this schema
 *     .mayfly/runs/<name>/cdk.out/        the synthesized template and its assets
 *     .mayfly/runs/<name>/ledger.jsonl    every ledger item at the end, one JSON object per line
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
  summary: z.nullable(z.record(z.string(), z.unknown())),
});
export type RunFile = z.infer<typeof runFile>;
