import * as z from 'zod/mini';
import { epochMs, foreignText, githubId, instanceId, poolName, SCHEMA_VERSION, ticket } from './text.ts';

const at = z.nullable(epochMs);
const microUsd = z.int();

/** One per runner. A later fact writes a higher revision; readers take the highest; final 48 h after termination. */
export const usageRecord = z.object({
  v: z.literal(SCHEMA_VERSION),
  revision: z.int().check(z.positive()),
  instanceId,
  ticket,
  pool: poolName,
  shape: z.string(),
  instanceType: z.string(),
  zone: z.string(),
  market: z.enum(['spot', 'on-demand']),
  imageId: z.string(),
  job: z.nullable(
    z.object({
      jobId: githubId,
      runId: githubId,
      runAttempt: z.int(),
      name: foreignText(200),
      workflowName: z.nullable(foreignText(200)),
      repositoryId: githubId,
      repositoryFullName: z.string(),
      actor: z.nullable(foreignText(100)),
      labels: z.array(foreignText(256)),
      conclusion: z.nullable(foreignText(40)),
    }),
  ),
  phases: z.object({
    queuedAt: at,
    admittedAt: at,
    launchedAt: at,
    runningAt: at,
    claimedAt: at,
    onlineAt: at,
    jobStartedAt: at,
    jobEndedAt: at,
    terminatedAt: at,
  }),
  /** Phases whose time is a guess, by name: a bill never looks more exact than it is. */
  estimated: z.array(z.string()),
  billedSeconds: z.int().check(z.nonnegative()),
  /** Integer micro-dollars; `price` is per hour. */
  price: z.object({ microUsdPerHour: microUsd, source: z.string(), at: epochMs }),
  cost: z.object({
    compute: microUsd,
    volume: microUsd,
    ipv4: microUsd,
    volumeInitialization: microUsd,
    controlPlane: microUsd,
    total: microUsd,
  }),
  waste: z.object({
    boot: microUsd,
    idle: microUsd,
    failedBoot: microUsd,
    interrupted: microUsd,
    neverUsed: microUsd,
    minimumCharge: microUsd,
  }),
});
export type UsageRecord = z.infer<typeof usageRecord>;
