import { decideGuard, questionOf } from './decide-guard.ts';
import type { Clock, Dice, GateAnswer, Host } from './host.ts';
import type { Http } from './http.ts';
import type { Timings } from './settings.ts';

export type GuardParts = {
  readonly host: Pick<Host, 'openGate' | 'log'>;
  readonly http: Http;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly timings: Pick<Timings, 'guardAnswerMs' | 'guardMaxMs'>;
  readonly halt: AbortSignal;
};

export type GuardTarget = { readonly url: string; readonly token: string; readonly instanceId: string };

/** The job-started check of one runner. */
export type Guard = {
  /** Resolves, with the reason, once a job was denied and its log has had time to leave; never otherwise. */
  readonly denied: Promise<string>;
  close(): Promise<void>;
};

/** After a denial: the hook's words reach the job's log before the machine goes. */
const FLUSH_MS = 3_000;
const ANSWER_BYTES_MAX = 4_096;

/** The control plane that answered the claim has no guard: an older one, during an upgrade. */
const NO_GUARD = Promise.resolve<GateAnswer>({ allow: true, why: 'this control plane asks nothing' });

/**
 * Answers the hook, which blocks until it hears a yes. A runner has one job: its first question is decided, and whoever
 * asks again hears the same. Denied, the hook goes on blocking while the machine powers off: no step of the job runs.
 */
export async function startGuard(parts: GuardParts, target: GuardTarget | null): Promise<Guard> {
  const verdict = Promise.withResolvers<string>();
  let decided: Promise<GateAnswer> | undefined;
  const gate = await parts.host.openGate((line) => {
    decided ??= (target === null ? NO_GUARD : decide(line, parts, target)).then(async (answer) => {
      if (!answer.allow) parts.clock.sleep(FLUSH_MS, parts.halt).then(() => verdict.resolve(answer.why));
      return answer;
    });
    return decided;
  });
  return { denied: verdict.promise, close: gate.close };
}

async function decide(line: string, parts: GuardParts, target: GuardTarget): Promise<GateAnswer> {
  const { clock, dice, host, timings } = parts;
  const question = questionOf(line, target.instanceId);
  if (question === undefined)
    return said(host, { allow: false, why: 'the hook did not tell what is about to run' });
  const startedAt = clock.now();
  const body = JSON.stringify(question);
  // Bounded by decideGuard: no question is asked after the deadline.
  for (let tries = 1; ; tries += 1) {
    const answer = await parts.http.send({
      method: 'POST',
      url: target.url,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${target.token}` },
      body,
      timeoutMs: timings.guardAnswerMs,
      bytesMax: ANSWER_BYTES_MAX,
    });
    const spentMs = Math.max(0, clock.now() - startedAt);
    const step = decideGuard(answer, {
      tries,
      spentMs,
      maxMs: timings.guardMaxMs,
      fraction: dice.fraction(),
    });
    if (step.do === 'allow') return said(host, { allow: true, why: 'admitted' });
    if (step.do === 'deny' || parts.halt.aborted)
      return said(host, { allow: false, why: step.do === 'deny' ? step.why : 'the machine is stopping' });
    await clock.sleep(step.afterMs, parts.halt);
  }
}

function said(host: Pick<Host, 'log'>, answer: GateAnswer): GateAnswer {
  host.log('guard', { allow: answer.allow, why: answer.why });
  return answer;
}
