import {
  CLAIM_BYTES_MAX,
  CLAIM_GONE,
  CLAIM_REFUSED,
  type ClaimGranted,
  type ClaimRequest,
  claimRequest,
  type IdentityDocument,
} from '../contracts/claim.ts';
import type { RunnerItem } from '../contracts/ledger.ts';
import { ALARMING, type Reason } from '../contracts/reasons.ts';
import type { Settings } from '../contracts/settings.ts';
import {
  type Home,
  type Judgement,
  judgeHistory,
  judgeRecord,
  judgeSource,
  judgeStated,
} from '../core/claim.ts';
import { sha256 } from '../core/hash.ts';
import { claimSeen, endWanted, released } from '../core/runner.ts';
import type { Clock, Dice } from '../ports/clock.ts';
import type { GitHub } from '../ports/github.ts';
import type { IdentityVerifier } from '../ports/identity.ts';
import type { Instances } from '../ports/instances.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import { deliver } from './deliver.ts';

export interface ClaimPorts {
  readonly ledger: Ledger;
  readonly instances: Pick<Instances, 'disableMetadata' | 'metadataState'>;
  readonly github: Pick<GitHub, 'mint'>;
  readonly identity: IdentityVerifier;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly home: Home;
  readonly reportUrl: string;
  readonly guardUrl: string;
}

export interface ClaimAnswer {
  readonly statusCode: 200 | 403 | 410 | 429;
  readonly body: ClaimGranted | typeof CLAIM_GONE | typeof CLAIM_REFUSED | { readonly retryAfterMs: number };
}

/** When the ledger or GitHub is not to be had right now. */
const OUTAGE_RETRY_MS = 5_000;

/** Answers to the caller say nothing useful: one shape for every refusal. The reason stands in our log and metrics. */
const REFUSED: ClaimAnswer = { statusCode: 403, body: CLAIM_REFUSED };
const GONE: ClaimAnswer = { statusCode: 410, body: CLAIM_GONE };
export const later = (retryAfterMs: number): ClaimAnswer => ({
  statusCode: 429,
  body: { retryAfterMs: Math.max(1_000, Math.min(120_000, Math.ceil(retryAfterMs))) },
});

export interface IncomingClaim {
  readonly body: Uint8Array;
  /** IPv4 address of the caller, where the way in vouches for it. */
  readonly source?: string | undefined;
}

/** The whole claim, cheapest check first: nothing costs us more than it costs the caller until the caller is known. */
export async function answerClaim({ body, source }: IncomingClaim, ports: ClaimPorts): Promise<ClaimAnswer> {
  const { ledger, home } = ports;
  const read = readClaim(body, ports);
  if ('reason' in read) return refused(read.reason, undefined, ports);
  const { request, stated } = read;
  const first = judgeStated(request, stated, home);
  if (first.do !== 'proceed') return conclude(first, undefined, ports);
  const near = judgeSource(stated, source);
  if (near.do !== 'proceed') return conclude(near, undefined, ports);
  const known = await ledger.read('runner', stated.instanceId);
  if (!known.ok) return later(OUTAGE_RETRY_MS);
  const second = judgeRecord(known.value, stated);
  if (second.do !== 'proceed' || known.value === undefined) return conclude(second, known.value, ports);
  const proof = await ports.identity.verify(request.identity, home.region);
  if (!proof.ok) return refused(proof.reason, known.value, ports);
  // What was stated only chose the record; what is proved decides.
  for (const judged of [judgeSource(proof.document, source), judgeRecord(known.value, proof.document)])
    if (judged.do !== 'proceed') return conclude(judged, known.value, ports);
  return answerProved(
    { runner: known.value, document: proof.document, bootHash: sha256(request.boot) },
    ports,
  );
}

type Read = { request: ClaimRequest; stated: IdentityDocument } | { reason: Reason };

function readClaim(body: Uint8Array, ports: ClaimPorts): Read {
  if (body.byteLength > CLAIM_BYTES_MAX) return { reason: 'claim-too-large' };
  const request = claimRequest.safeParse(parseJson(body));
  if (!request.success) return { reason: 'claim-unreadable' };
  const stated = ports.identity.stated(request.data.identity);
  return stated === undefined ? { reason: 'identity-unreadable' } : { request: request.data, stated };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

export interface ProvedClaim {
  readonly runner: RunnerItem;
  readonly document: IdentityDocument;
  readonly bootHash: string;
}

/** The caller is the instance. What remains is its history, the demand, and the one delivery. */
async function answerProved(claim: ProvedClaim, ports: ClaimPorts): Promise<ClaimAnswer> {
  const now = ports.clock.now();
  const judged = judgeHistory(claim.runner, { ...claim, now });
  if (judged.do === 'refuse' && judged.lost === true) await giveUpLost(claim.runner, ports);
  if (judged.do !== 'proceed') return conclude(judged, claim.runner, ports);
  const written = await ports.ledger.write(claimSeen(claim.runner, claim.bootHash, now));
  // 'stale': a twin of this claim, or the sweep, wrote first. The agent asks again and meets what they wrote.
  if (!written.ok || written.value === 'stale') return later(OUTAGE_RETRY_MS);
  const seen = { ...claimSeen(claim.runner, claim.bootHash, now), rev: claim.runner.rev + 1 };
  return deliver(seen, ports);
}

/** The answer of an earlier claim was lost: that registration must never be used, and this boot gets no other. */
async function giveUpLost(runner: RunnerItem, ports: ClaimPorts): Promise<void> {
  const act = { now: ports.clock.now(), by: 'claim' as const, reason: 'claim-lost-answer' as const };
  await ports.ledger.write(endWanted(released(runner, act), act));
}

function conclude(judged: Judgement, runner: RunnerItem | undefined, ports: ClaimPorts): ClaimAnswer {
  if (judged.do === 'refuse') return refused(judged.reason, runner, ports);
  const pool = runner === undefined ? {} : { pool: runner.pool };
  if (judged.do === 'later') {
    ports.journal.count('ClaimLater', pool);
    return later(judged.retryAfterMs);
  }
  ports.journal.count('ClaimGone', pool);
  return GONE;
}

function refused(reason: Reason, runner: RunnerItem | undefined, { journal }: ClaimPorts): ClaimAnswer {
  const fields = { reason, instanceId: runner?.instanceId };
  if (ALARMING.includes(reason)) journal.warn('claim-refused', fields);
  else journal.say('claim-refused', fields);
  journal.count('ClaimRefused', { reason });
  return REFUSED;
}
