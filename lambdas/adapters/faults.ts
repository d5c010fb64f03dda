import * as z from 'zod/mini';
import type { Fault } from '../ports/outcome.ts';

/** What a lost answer may hide: a read changed nothing, a write may have happened. */
export type Effect = 'read' | 'write';

/** EC2's mutating bucket refills 5 requests a second, its launches 2 (aws.md §2.1): a sooner repeat only deepens a throttle. */
const THROTTLED_RETRY_MS = 2_000;
/** A server that failed once mostly answers a second later. */
const FAILED_RETRY_MS = 1_000;

/** No machine of this offer now; another type, zone or market may have one (aws.md §1.4, Karpenter and ParallelCluster). */
const EXHAUSTED: ReadonlySet<string> = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientReservedInstanceCapacity',
  'InsufficientCapacity',
  'InsufficientFreeAddressesInSubnet',
  'MaxFleetCountExceeded',
  'MaxSpotInstanceCountExceeded',
  'ReservationCapacityExceeded',
  'SpotMaxPriceTooLow',
  'UnfulfillableCapacity',
  'Unsupported',
  'VcpuLimitExceeded',
]);

/** The call was turned away before it was looked at. EC2 answers some of these with 503, so they come before the status. */
const THROTTLED: ReadonlySet<string> = new Set([
  'EC2ThrottledException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** The server broke off: the call may have happened. Some come inside a 200, so the status cannot tell. */
const BROKEN: ReadonlySet<string> = new Set([
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceError',
  'KMSInternalException',
  'DependencyTimeoutException',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'Unavailable',
]);

/** No connection was made, so nothing was sent. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const broken = (code: string, effect: Effect): Fault =>
  effect === 'write' ? { kind: 'unsure', code } : { kind: 'busy', code, retryAfterMs: FAILED_RETRY_MS };

/** What an AWS error code allows. A code that nobody has met is `refused`: never repeated blindly. */
export function faultOfCode(code: string, effect: Effect): Fault {
  if (EXHAUSTED.has(code)) return { kind: 'exhausted', code };
  if (THROTTLED.has(code)) return { kind: 'busy', code, retryAfterMs: THROTTLED_RETRY_MS };
  if (BROKEN.has(code)) return broken(code, effect);
  return { kind: 'refused', code };
}

/** What Node and undici call a connection that failed: `ECONNRESET`, `UND_ERR_SOCKET`. */
const SOCKET_CODE = /^(E[A-Z0-9_]+|UND_ERR_[A-Z_]+)$/;

/** The handshake ended at a certificate that is not trusted: nothing was sent, and a repeat would end there too. */
const NOT_TRUSTED = /^(CERT_|DEPTH_ZERO_|ERR_TLS_CERT_|SELF_SIGNED_|UNABLE_TO_)[A-Z_]*$/;

/** The fault of a connection that failed, or undefined if the error is of another kind. */
export function faultOfSocket(error: unknown, effect: Effect): Fault | undefined {
  const { name, code = '' } = errorShape.safeParse(error).data ?? { name: '' };
  if (NOT_SENT.has(code)) return { kind: 'busy', code, retryAfterMs: FAILED_RETRY_MS };
  if (NOT_TRUSTED.test(code)) return { kind: 'refused', code };
  if (name === 'TimeoutError' || name === 'AbortError') return broken('timeout', effect);
  return SOCKET_CODE.test(code) ? broken(code, effect) : undefined;
}

const errorShape = z.object({
  name: z.string(),
  code: z.optional(z.string()),
  $metadata: z.optional(z.object({ httpStatusCode: z.optional(z.number()) })),
  $response: z.optional(z.object({ statusCode: z.number() })),
});

/** Codes are AWS's own names; anything else in that place is not repeated into logs. */
const CODE = /^[A-Za-z0-9.:_-]{1,100}$/;

/**
 * The fault behind what an AWS client threw. What neither a service nor a socket said is our own bug and thrown on.
 * Only the code is kept: messages quote what was sent.
 */
export function faultOf(error: unknown, effect: Effect): Fault {
  const seen = errorShape.safeParse(error).data;
  const status = seen?.$metadata?.httpStatusCode ?? seen?.$response?.statusCode;
  if (seen === undefined || status === undefined) {
    const fault = faultOfSocket(error, effect);
    if (fault === undefined) throw error;
    return fault;
  }
  if (status < 400) return broken('answer-unreadable', effect);
  const code = CODE.test(seen.name) ? seen.name : `http-${status}`;
  const known = faultOfCode(code, effect);
  if (known.kind !== 'refused') return known;
  if (status === 429) return { kind: 'busy', code, retryAfterMs: THROTTLED_RETRY_MS };
  return status >= 500 ? broken(code, effect) : known;
}
