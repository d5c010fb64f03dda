import * as z from 'zod/mini';

/** Version of the messages between instance and control plane. A control plane accepts its own and the one before. */
export const PROTOCOL_VERSION = 1;

/** Instances booted by the previous deploy still speak its version. */
export const isSpoken = (version: number): boolean =>
  version === PROTOCOL_VERSION || version === PROTOCOL_VERSION - 1;

/** Version written into every queue message and ledger item. */
export const SCHEMA_VERSION = 1;

/** A point in time: milliseconds since the Unix epoch, UTC. */
export const epochMs = z.int().check(z.nonnegative());

/** GitHub ids are 64-bit integers; they travel as decimal strings so that no parser rounds them. */
export const githubId = z.string().check(z.regex(/^[1-9][0-9]{0,19}$/));

/**
 * Text that a workflow author or GitHub wrote: any characters but controls, bounded. It is only ever JSON data.
 * Longer text is cut by the reader before this check, never refused: a long job name is not an error.
 */
export const foreignText = (charsMax: number) =>
  z.string().check(z.maxLength(charsMax), z.regex(/^[^\p{Cc}]*$/u));

/** A label that can take part in routing. GitHub allows more; such a label matches no pool (`label-charset`). */
export const LABEL_CHARS = /^[A-Za-z0-9._/=:-]{1,100}$/;

/** A pool's name: it stands in tags, metric dimensions and registration names. */
export const poolName = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/));

export const instanceId = z.string().check(z.regex(/^i-[0-9a-f]{8,17}$/));

/** Client token and tag of one CreateFleet request: at most 64 ASCII characters (EC2 API, idempotency). */
export const ticket = z.string().check(z.regex(/^mf-[a-z0-9]{26}$/));

/** First 20 hex digits of a SHA-256: shapes and groups are compared by hash, never by the author's text. */
export const shortHash = z.string().check(z.regex(/^[0-9a-f]{20}$/));
