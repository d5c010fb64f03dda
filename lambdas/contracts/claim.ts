import * as z from 'zod/mini';
import { instanceId, poolName } from './text.ts';

/** Largest claim read, in bytes of the HTTP body: an honest one has about 3 KiB (document, random, versions). */
export const CLAIM_BYTES_MAX = 16_384;

/** User data of every instance of a pool: constant per pool, so that it breaks no launch batch and holds no secret. */
export const userData = z.object({
  protocolVersion: z.int().check(z.positive()),
  stackId: z.string().check(z.regex(/^[a-z0-9]{8}$/)),
  pool: poolName,
  claimUrl: z.string().check(z.maxLength(300), z.regex(/^https?:\/\/[A-Za-z0-9.:/_-]+$/)),
});
export type UserData = z.infer<typeof userData>;

/** POST body of the claim endpoint. `boot` is random of this boot: it tells a repeat from a theft. */
export const claimRequest = z.object({
  protocolVersion: z.int().check(z.positive()),
  stackId: z.string().check(z.regex(/^[a-z0-9]{8}$/)),
  /** The answer of `dynamic/instance-identity/rsa2048`, as served: base64 of a CMS. */
  identity: z.string().check(z.minLength(100), z.maxLength(12_000)),
  boot: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  agentVersion: z.string().check(z.regex(/^[A-Za-z0-9.+-]{1,40}$/)),
});
export type ClaimRequest = z.infer<typeof claimRequest>;

const base64 = z.string().check(z.maxLength(65_536), z.regex(/^[A-Za-z0-9+/]+={0,2}$/));

/** More files than this are no JIT configuration. */
const JIT_FILES_MAX = 8;
/** Hidden files of the runner's root: no name may lead anywhere else. */
const JIT_FILE_NAME = /^\.[a-z][a-z0-9_]{1,60}$/;

/** The files that the Listener reads in place of a JIT argument; contents are opaque, and GitHub may add to them. */
export const jitFiles = z
  .catchall(z.object({ '.runner': base64, '.credentials': base64, '.credentials_rsaparams': base64 }), base64)
  .check(
    z.refine((files) => Object.keys(files).every((name) => JIT_FILE_NAME.test(name))),
    z.refine((files) => Object.keys(files).length <= JIT_FILES_MAX),
  );
export type JitFiles = z.infer<typeof jitFiles>;

/** What the agent must keep to while the runner lives. All durations in milliseconds. */
export const runnerRules = z.object({
  hardening: z.enum(['compatible', 'standard', 'strict']),
  lifetimeMaxMs: z.int().check(z.positive()),
  /** Without a job for this long the agent asks to be deregistered, then stops. */
  idleMaxMs: z.int().check(z.positive()),
  /** Between the Listener's exit and power off, so that completion reaches GitHub (github-protocol §3.2). */
  graceMs: z.int().check(z.nonnegative()),
  heartbeatMs: z.int().check(z.positive()),
});
export type RunnerRules = z.infer<typeof runnerRules>;

/** 200: the one delivery. */
export const claimGranted = z.object({
  protocolVersion: z.int(),
  runnerName: z.string().check(z.maxLength(64)),
  jit: jitFiles,
  rules: runnerRules,
  reportUrl: z.string().check(z.maxLength(300)),
  /** Null while no guard is deployed: then the agent starts the Listener without a job-started check. */
  guardUrl: z.nullable(z.string().check(z.maxLength(300))),
  reportToken: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
});
export type ClaimGranted = z.infer<typeof claimGranted>;

/** 429: ask again. 410: not needed, power off. 403: refused, one shape whatever the reason. */
export const claimLater = z.object({ retryAfterMs: z.int().check(z.positive(), z.maximum(120_000)) });
export const CLAIM_GONE = { gone: true } as const;
export const CLAIM_REFUSED = { refused: true } as const;

/** The signed content of `dynamic/instance-identity/rsa2048` (EC2 user guide, instance identity documents). */
export const identityDocument = z.object({
  accountId: z.string().check(z.regex(/^[0-9]{12}$/)),
  architecture: z.enum(['x86_64', 'arm64', 'i386']),
  availabilityZone: z.string().check(z.regex(/^[a-z0-9-]{1,40}$/)),
  imageId: z.string().check(z.regex(/^ami-[0-9a-f]{8,17}$/)),
  instanceId,
  instanceType: z.string().check(z.regex(/^[a-z0-9.-]{1,40}$/)),
  pendingTime: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)),
  privateIp: z.string().check(z.regex(/^[0-9.]{7,15}$/)),
  region: z.string().check(z.regex(/^[a-z0-9-]{1,30}$/)),
  version: z.literal('2017-09-30'),
});
export type IdentityDocument = z.infer<typeof identityDocument>;
