import type { z } from 'zod/mini';
import { type ListenerVerdict, type phaseName, reportAnswer } from '../../lambdas/contracts/report.ts';
import { PROTOCOL_VERSION } from '../../lambdas/contracts/text.ts';
import { spacing } from './decide-spacing.ts';
import type { Clock, Dice, Host } from './host.ts';
import type { Http } from './http.ts';

export type Phase = z.infer<typeof phaseName>;
export type ReportAnswerWord = z.infer<typeof reportAnswer>['answer'];
export type FinalWords = {
  readonly verdict: ListenerVerdict;
  readonly exitCode: number | null;
  readonly jobStartedAt: number | null;
  readonly jobEndedAt: number | null;
  /** Our own words, at most 500 characters. */
  readonly note: string;
};

/** What the agent tells the control plane. No report ever rejects: a runner works on without its control plane. */
export type Reports = {
  /** Queued and sent in order behind the caller's back; `settle` waits for them. */
  phase(phase: Phase, at: number): void;
  /** One try: the next heartbeat is its repeat. Undefined without an answer. */
  heartbeat(workerAlive: boolean): Promise<ReportAnswerWord | undefined>;
  /** May this runner end for want of a job? One try; the caller asks again. */
  idle(): Promise<ReportAnswerWord | undefined>;
  settle(): Promise<void>;
  final(words: FinalWords): Promise<void>;
};

export type ReportParts = {
  readonly host: Pick<Host, 'log'>;
  readonly http: Http;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly timeoutMs: number;
};
export type ReportTarget = { readonly url: string; readonly token: string; readonly instanceId: string };

/** A phase is a time for the record: worth some seconds of trying. */
const PHASE_TRIES_MAX = 3;
/** The verdict frees money and demand: worth half a minute before the machine ends. */
const FINAL_TRIES_MAX = 5;
const SPACING_MAX_MS = 8_000;
const ANSWER_BYTES_MAX = 4_096;

/** Answers after which the same report is worth repeating. */
const isPassing = (status: number | undefined) =>
  status === undefined || status === 408 || status === 429 || status >= 500;

export function createReports(parts: ReportParts, target: ReportTarget): Reports {
  const send = (words: { readonly kind: string; readonly [key: string]: unknown }, triesMax: number) => {
    const body = { ...words, protocolVersion: PROTOCOL_VERSION, instanceId: target.instanceId };
    return sendReport(parts, target, { kind: words.kind, body: JSON.stringify(body), triesMax });
  };
  let queue: Promise<unknown> = Promise.resolve();
  return {
    phase: (phase, at) => {
      queue = queue.then(() => send({ kind: 'phase', phase, at }, PHASE_TRIES_MAX));
    },
    heartbeat: (workerAlive) => send({ kind: 'heartbeat', workerAlive }, 1),
    idle: () => send({ kind: 'idle' }, 1),
    settle: async () => {
      await queue;
    },
    final: async (words) => {
      await send({ kind: 'final', ...words }, FINAL_TRIES_MAX);
    },
  };
}

type Letter = { readonly kind: string; readonly body: string; readonly triesMax: number };

async function sendReport(parts: ReportParts, target: ReportTarget, letter: Letter) {
  for (let tries = 1; ; tries += 1) {
    const answer = await parts.http.send({
      method: 'POST',
      url: target.url,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${target.token}` },
      body: letter.body,
      timeoutMs: parts.timeoutMs,
      bytesMax: ANSWER_BYTES_MAX,
    });
    if (answer?.status === 200) return wordOf(answer.body);
    if (tries >= letter.triesMax || !isPassing(answer?.status)) {
      parts.host.log('report-lost', { kind: letter.kind, status: answer?.status ?? null, tries });
      return undefined;
    }
    await parts.clock.sleep(spacing(tries, SPACING_MAX_MS, parts.dice.fraction()));
  }
}

function wordOf(body: string): ReportAnswerWord | undefined {
  try {
    return reportAnswer.parse(JSON.parse(body)).answer;
  } catch {
    return undefined;
  }
}
