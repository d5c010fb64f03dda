import type { ClaimGranted, ClaimRequest } from '../../lambdas/contracts/claim.ts';
import { PROTOCOL_VERSION } from '../../lambdas/contracts/text.ts';
import { decideClaim, newClaimTrack } from './decide-claim.ts';
import type { Clock, Dice, Host } from './host.ts';
import type { Http } from './http.ts';
import type { Machine } from './machine.ts';
import type { AgentSettings } from './settings.ts';
import { AGENT_VERSION } from './version.ts';

export type ClaimParts = {
  readonly host: Pick<Host, 'log'>;
  readonly http: Http;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly settings: Pick<AgentSettings, 'timings'>;
  /** The machine is going down. */
  readonly halt: AbortSignal;
};

export type ClaimEnd =
  | { readonly do: 'go-on'; readonly granted: ClaimGranted }
  | { readonly do: 'power-off'; readonly why: string };

/** Three files of at most 64 KiB, in base64 twice at worst, and the rules. */
const ANSWER_BYTES_MAX = 524_288;
/** 32 bytes: no two boots share it, nobody guesses it. */
const BOOT_BYTES = 32;

/** Asks until there is an end: a delivery or a reason to power off. Bounded by `decideClaim`. */
export async function claim(parts: ClaimParts, machine: Machine): Promise<ClaimEnd> {
  const { clock, dice, settings } = parts;
  const request: ClaimRequest = {
    protocolVersion: PROTOCOL_VERSION,
    stackId: machine.userData.stackId,
    identity: machine.identity,
    boot: dice.hex(BOOT_BYTES),
    agentVersion: AGENT_VERSION,
  };
  const body = JSON.stringify(request);
  let track = newClaimTrack(clock.now());
  while (!parts.halt.aborted) {
    const answer = await parts.http.send({
      method: 'POST',
      url: machine.userData.claimUrl,
      headers: { 'content-type': 'application/json' },
      body,
      timeoutMs: settings.timings.claimAnswerMs,
      bytesMax: ANSWER_BYTES_MAX,
    });
    const step = decideClaim(track, answer, {
      now: clock.now(),
      fraction: dice.fraction(),
      limits: settings.timings,
    });
    if (step.do !== 'ask-again') return step;
    parts.host.log('claim-again', { status: answer?.status ?? null, afterMs: step.afterMs });
    await clock.sleep(step.afterMs, parts.halt);
    track = step.track;
  }
  return { do: 'power-off', why: 'the machine is stopping' };
}
