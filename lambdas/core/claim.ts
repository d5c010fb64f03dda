import type { ClaimRequest, IdentityDocument } from '../contracts/claim.ts';
import type { RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import { isSpoken } from '../contracts/text.ts';

/** Claims of one instance that are judged at all: at a 429 every few seconds it lasts past the claim deadline. */
export const CLAIM_ATTEMPTS_MAX = 100;
/** Instances' launch times come from EC2's clock, ours from Lambda's: both are kept within seconds of UTC. */
const CLOCK_SLACK_MS = 60_000;
/** While another claim of the same instance is being answered. */
const FENCE_RETRY_MAX_MS = 10_000;

export type Judgement =
  | { readonly do: 'proceed' }
  | { readonly do: 'later'; readonly retryAfterMs: number }
  | { readonly do: 'gone' }
  /** `lost`: the answer of an earlier claim was lost: its registration is deleted and the instance ended. */
  | { readonly do: 'refuse'; readonly reason: Reason; readonly lost?: true };

const refuse = (reason: Reason): Judgement => ({ do: 'refuse', reason });

export interface Home {
  readonly stackId: string;
  readonly accountId: string;
  readonly region: string;
}

/** Before any table read: what the claim merely states must be ours. A flood of foreign claims stays cheap. */
export function judgeStated(request: ClaimRequest, stated: IdentityDocument, home: Home): Judgement {
  if (!isSpoken(request.protocolVersion)) return refuse('claim-protocol');
  if (request.stackId !== home.stackId) return refuse('claim-other-stack');
  if (stated.accountId !== home.accountId || stated.region !== home.region)
    return refuse('claim-foreign-account');
  return { do: 'proceed' };
}

/**
 * Where the way in tells the caller's address and nobody can feign it (a private API, by its endpoint in the VPC), it must
 * be the one that the document states: a stolen document is of no use elsewhere. `source` is undefined on the public way.
 */
export function judgeSource(document: IdentityDocument, source: string | undefined): Judgement {
  if (source === undefined || source === document.privateIp) return { do: 'proceed' };
  return refuse('claim-other-source');
}

/** What the ledger knows of the instance, before the costly signature check. */
export function judgeRecord(runner: RunnerItem | undefined, stated: IdentityDocument): Judgement {
  if (runner === undefined) return refuse('claim-unknown-instance');
  if (runner.rank === 'ended') return refuse('claim-ended');
  if (runner.claim.attempts >= CLAIM_ATTEMPTS_MAX) return refuse('claim-too-many');
  const isSame =
    stated.instanceId === runner.instanceId &&
    stated.imageId === runner.imageId &&
    stated.instanceType === runner.instanceType &&
    stated.availabilityZone === runner.zone;
  return isSame ? { do: 'proceed' } : refuse('claim-mismatch');
}

/** A proved claim against the runner's own history: repeats, thefts, age, and a claim that is being answered now. */
export function judgeHistory(
  runner: RunnerItem,
  claim: { readonly document: IdentityDocument; readonly bootHash: string; readonly now: number },
): Judgement {
  const { now } = claim;
  const fenceLeft = (runner.intent.leaseUntil ?? 0) - now;
  if (runner.claim.bootHash !== null && runner.claim.bootHash !== claim.bootHash)
    return refuse('claim-other-boot');
  if (runner.claim.deliveredAt !== null) {
    if (fenceLeft > 0) return { do: 'later', retryAfterMs: Math.min(fenceLeft, FENCE_RETRY_MAX_MS) };
    return { do: 'refuse', reason: 'claim-lost-answer', lost: true };
  }
  if (runner.intent.end !== null) return { do: 'gone' };
  if (runner.claim.firstAt === null && isStale(runner, Date.parse(claim.document.pendingTime), now)) {
    return refuse('claim-stale');
  }
  if (fenceLeft > 0) return { do: 'later', retryAfterMs: Math.min(fenceLeft, FENCE_RETRY_MAX_MS) };
  return { do: 'proceed' };
}

/** The age is judged once, at the first valid claim: a later try of the same boot is not late. */
function isStale(runner: RunnerItem, pendingAt: number, now: number): boolean {
  const isFuture = pendingAt > now + CLOCK_SLACK_MS;
  const isTooOld = now - pendingAt > runner.claimDeadlineMs + CLOCK_SLACK_MS;
  return isFuture || isTooOld;
}

/** Fresh for each mint, and it tells whose it is: `mayfly-<stack id>-<instance id>-<4 random>` (at most 64 characters). */
export const runnerName = (stackId: string, instanceId: string, random: string): string =>
  `mayfly-${stackId}-${instanceId}-${random}`;

/**
 * Where a job can become root it flushes any host firewall, so the endpoint must be closed before its configuration
 * leaves; strict waits on principle. On standard nftables holds until EC2 has applied the change.
 */
export const waitsForMetadata = (hardening: 'compatible' | 'standard' | 'strict'): boolean =>
  hardening !== 'standard';
