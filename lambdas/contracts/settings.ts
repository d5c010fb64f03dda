import * as z from 'zod/mini';
import { admissionMode, admissionRules } from './admission.ts';
import { githubId, poolName, SCHEMA_VERSION } from './text.ts';

const durationMs = z.int().check(z.positive());

/** One pool, as `lib/config` compiles it from mayfly.yaml. Labels are lower case: GitHub compares them without case. */
export const pool = z.object({
  name: poolName,
  labels: z.array(z.string()).check(z.minLength(1), z.maxLength(20)),
  /** The one label that a job must name to mean this pool. */
  keyLabel: z.string(),
  arch: z.enum(['x64', 'arm64']),
  /** Concrete instance types in the order of preference; at most 60 per CreateFleet (aws.md §1.2). */
  types: z.array(z.string()).check(z.minLength(1), z.maxLength(60)),
  market: z.enum(['spot', 'on-demand', 'spot-then-on-demand']),
  hardening: z.enum(['compatible', 'standard', 'strict']),
  runnerGroupId: z.int().check(z.positive()),
  admission: z.object({
    publicRepositories: z.boolean(),
    forks: z.boolean(),
    /** Left out: enforced, and no rules beyond owner, visibility and forks. */
    mode: z.optional(admissionMode),
    rules: z.optional(admissionRules),
  }),
  /** What the launch template asks of the root volume; left out: EBS's defaults. For the bill alone. */
  volume: z.optional(
    z.object({ sizeGiB: z.int(), iops: z.optional(z.int()), throughputMiBps: z.optional(z.int()) }),
  ),
  limits: z.object({
    runnersMax: z.int().check(z.positive()),
    lifetimeMaxMs: durationMs,
    idleMaxMs: durationMs,
    claimDeadlineMs: durationMs,
  }),
});
export type Pool = z.infer<typeof pool>;

/** The compiled configuration: `settings.json` beside each bundle. A change is a reviewed commit and a deploy. */
export const settings = z.object({
  v: z.literal(SCHEMA_VERSION),
  github: z.object({
    /** Where registrations are made: `organization` runners, or `repository` runners (group 1 always). */
    scope: z.enum(['organization', 'repository']),
    /** Lower-case logins whose repositories may use the pools; everything else is denied. */
    owners: z.array(z.string()).check(z.minLength(1)),
  }),
  pools: z.array(pool).check(z.minLength(1), z.maxLength(20)),
  /** How runners are billed beyond EC2's prices. */
  costs: z.optional(
    z.object({
      /** Runners have a public IPv4 address, which AWS bills. */
      publicIp: z.boolean(),
      /** What GitHub charges per begun minute of a job on a self-hosted runner. */
      platformMicroUsdPerMinute: z.int().check(z.nonnegative()),
    }),
  ),
});
export type Settings = z.infer<typeof settings>;

/** What is known of the GitHub App after the deploy: JSON in one SSM parameter, written by `mayfly setup`. */
export const githubApp = z.object({
  appId: githubId,
  /** Base of the REST API, e.g. `https://api.github.com` or `https://HOST/api/v3`. */
  apiUrl: z.string().check(z.maxLength(300), z.regex(/^https?:\/\/[A-Za-z0-9.:/_-]+$/)),
  /** Which of the two KMS key slots signs now. */
  keySlot: z.enum(['a', 'b']),
});
export type GitHubApp = z.infer<typeof githubApp>;

/** What dispatch and sweep must know of the deployed pools; by pool name, from the environment. */
export const deployedPools = z.record(
  z.string(),
  z.object({
    templateId: z.string(),
    /** A number, never $Latest or $Default: what is launched is what was deployed. */
    templateVersion: z.string().check(z.regex(/^[1-9][0-9]*$/)),
    imageId: z.string(),
  }),
);
export type DeployedPools = z.infer<typeof deployedPools>;

/** Subnets instances may stand in, one per zone. */
export const subnets = z
  .array(z.object({ id: z.string(), zone: z.string() }))
  .check(z.minLength(1), z.maxLength(10));
export type Subnets = z.infer<typeof subnets>;

/** Webhook secrets: the current one, and the one before while it is rotated ("" when there is none). */
export const webhookSecrets = z.object({ current: z.string().check(z.minLength(16)), previous: z.string() });
export type WebhookSecrets = z.infer<typeof webhookSecrets>;
