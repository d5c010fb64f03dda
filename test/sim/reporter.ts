import { spacing } from '../../images/agent/decide-spacing.ts';
import type { Phase } from '../../images/agent/reports.ts';
import { fraction, later, type Machine } from './agent.ts';
import { invokeReport } from './functions.ts';
import { type Answer, post } from './wire.ts';

/** What the agent tells the control plane (images/agent/reports.ts). */
export interface Reporter {
  /** Queued and sent in order behind the caller's back. */
  phase(phase: Phase): void;
  /** One try. */
  send(words: Readonly<Record<string, unknown>>, answered: (answer: Answer | undefined) => void): void;
  /** Calls back when all phases were sent or given up. */
  settled(then: () => void): void;
}

const REPORT_ANSWER_MS = 15_000;
const PHASE_TRIES_MAX = 3;
const SPACING_MAX_MS = 8_000;

export function createReporter(machine: Machine, token: string): Reporter {
  const { sim, instanceId } = machine;
  const waiting: { readonly phase: Phase; readonly at: number }[] = [];
  const afterwards: (() => void)[] = [];
  let isSending = false;
  let letters = 0;

  const send: Reporter['send'] = (words, answered) => {
    letters += 1;
    const name = `${instanceId}.${String(words['kind'])}.${letters}`;
    const body = JSON.stringify({ ...words, protocolVersion: 1, instanceId });
    post(
      machine,
      { fn: 'report', name, timeoutMs: REPORT_ANSWER_MS },
      (reply) =>
        invokeReport(sim, { name, body, token }, (said) =>
          reply({ status: said?.statusCode ?? 502, body: JSON.stringify(said?.body ?? {}) }),
        ),
      answered,
    );
  };
  const next = (): void => {
    const first = waiting[0];
    if (first === undefined) {
      isSending = false;
      for (const then of afterwards.splice(0)) then();
      return;
    }
    isSending = true;
    sendPhase(first, 1);
  };
  const sendPhase = (first: { readonly phase: Phase; readonly at: number }, tries: number): void =>
    send({ kind: 'phase', ...first }, (answer) => {
      const isPassing = answer === undefined || answer.status >= 500;
      if (isPassing && tries < PHASE_TRIES_MAX) {
        const fractionNow = fraction(machine, `phase ${letters}`);
        later(machine, spacing(tries, SPACING_MAX_MS, fractionNow), () => sendPhase(first, tries + 1));
        return;
      }
      waiting.shift();
      next();
    });
  return {
    send,
    phase: (phase) => {
      waiting.push({ phase, at: sim.clock.now });
      if (!isSending) next();
    },
    settled: (then) => {
      if (isSending) afterwards.push(then);
      else then();
    },
  };
}
