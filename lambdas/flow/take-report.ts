import type { Registration, RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import {
  REPORT_BYTES_MAX,
  type ReportAnswer,
  type ReportRequest,
  reportRequest,
} from '../contracts/report.ts';
import { isSpoken } from '../contracts/text.ts';
import { cameOnline } from '../core/breaker.ts';
import { sha256 } from '../core/hash.ts';
import { finished, ranked, registrationGone } from '../core/runner.ts';
import type { Clock } from '../ports/clock.ts';
import type { GitHub } from '../ports/github.ts';
import type { Journal } from '../ports/journal.ts';
import type { Ledger } from '../ports/ledger.ts';
import { amend } from './amend.ts';

export interface ReportPorts {
  readonly ledger: Ledger;
  readonly github: Pick<GitHub, 'deregister'>;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Constant-time comparison of two strings of equal length. */
  readonly isSame: (a: string, b: string) => boolean;
}

export interface ReportReply {
  readonly statusCode: 200 | 403 | 503;
  readonly body: ReportAnswer | { readonly refused: true };
}

/** A heartbeat is written down this often at most: most of them only fetch the answer. */
const HEARTBEAT_WRITTEN_MS = 5 * 60_000;
const REFUSED: ReportReply = { statusCode: 403, body: { refused: true } };
const OUTAGE: ReportReply = { statusCode: 503, body: { answer: 'carry-on' } };
const reply = (answer: ReportAnswer['answer'], why?: Reason): ReportReply => ({
  statusCode: 200,
  body: why === undefined ? { answer } : { answer, why },
});

/** What a runner says of itself. It is untrusted input: it can end or bind this one runner, and nothing else. */
export async function takeReport(
  request: { readonly body: Uint8Array; readonly authorization: string | undefined },
  ports: ReportPorts,
): Promise<ReportReply> {
  const report = readReport(request.body);
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(request.authorization ?? '')?.[1];
  if (report === undefined || token === undefined) return REFUSED;
  const known = await ports.ledger.read('runner', report.instanceId);
  if (!known.ok) return OUTAGE;
  const runner = known.value;
  const expected = runner?.claim.reportTokenHash;
  if (runner === undefined || typeof expected !== 'string' || !ports.isSame(sha256(token), expected))
    return REFUSED;
  return answerReport(report, runner, ports);
}

function readReport(body: Uint8Array): ReportRequest | undefined {
  if (body.byteLength > REPORT_BYTES_MAX) return undefined;
  try {
    const read = reportRequest.safeParse(JSON.parse(new TextDecoder().decode(body)));
    return read.success && isSpoken(read.data.protocolVersion) ? read.data : undefined;
  } catch {
    return undefined;
  }
}

async function answerReport(
  report: ReportRequest,
  runner: RunnerItem,
  ports: ReportPorts,
): Promise<ReportReply> {
  if (report.kind === 'idle') return mayGoIdle(runner, ports);
  const act = { now: ports.clock.now(), by: 'report' as const };
  const amended = await amend(
    ports.ledger,
    { kind: 'runner', id: runner.instanceId, known: runner },
    (item) => {
      if (item === undefined) return undefined;
      if (report.kind === 'heartbeat') return heartbeat(item, act.now);
      if (report.kind === 'final') return finalReport(item, report, act);
      if (report.phase === 'online') return ranked(item, 'online', act);
      if (report.phase === 'job-start') return ranked(item, 'busy', act);
      return item;
    },
  );
  if (!amended.ok) return OUTAGE;
  if (report.kind === 'phase' && report.phase === 'online') await mendPool(runner.pool, ports);
  const known = amended.value?.item ?? runner;
  const stop = known.notice?.reason ?? known.intent.end;
  // A job that runs is never stopped by a word: at the end of its lifetime the sweep ends the machine.
  const isBusy = known.rank === 'busy' || (report.kind === 'heartbeat' && report.workerAlive);
  return stop === null || isBusy ? reply('carry-on') : reply('stop', stop);
}

/** The pool's image boots: its breaker is closed. Most pools need no write. */
async function mendPool(pool: string, ports: ReportPorts): Promise<void> {
  await amend(ports.ledger, { kind: 'pool', id: pool }, (item) => item && cameOnline(item));
}

const heartbeat = (item: RunnerItem, now: number): RunnerItem =>
  now - (item.at.heartbeat ?? 0) < HEARTBEAT_WRITTEN_MS
    ? item
    : { ...item, at: { ...item.at, heartbeat: now } };

const VERDICT_REASON = {
  ran: 'job-finished',
  unused: 'runner-unused',
  outdated: 'runner-outdated',
  'session-conflict': 'session-conflict',
  denied: 'guard-denied',
  failed: 'agent-failed',
} as const satisfies Record<string, Reason>;

const finalReport = (
  item: RunnerItem,
  report: Extract<ReportRequest, { kind: 'final' }>,
  act: { now: number; by: 'report' },
): RunnerItem => finished(item, { ...act, reason: VERDICT_REASON[report.verdict], verdict: report.verdict });

/**
 * "May I go?" The registration goes first: GitHub's own busy check decides, so that no job can be given to a runner that
 * is about to stop.
 */
async function mayGoIdle(runner: RunnerItem, ports: ReportPorts): Promise<ReportReply> {
  const one = runner.registrations.find((registration) => registration.state === 'registered');
  if (one?.runnerId != null) {
    const gone = await ports.github.deregister(runner.target, one.runnerId);
    if (!gone.ok) return reply('carry-on');
    if (gone.value === 'busy') return reply('job-coming');
  }
  return writeIdle(runner, one, ports);
}

/**
 * Finished, not ended: should a job have come in the last moment after all, its start takes that back, and nothing here
 * ends the machine under it.
 */
async function writeIdle(
  runner: RunnerItem,
  one: Registration | undefined,
  ports: ReportPorts,
): Promise<ReportReply> {
  const act = { now: ports.clock.now(), by: 'report' as const, reason: 'runner-unused' as const };
  const amended = await amend(
    ports.ledger,
    { kind: 'runner', id: runner.instanceId, known: runner },
    (item) => {
      if (item === undefined) return undefined;
      const without = one === undefined ? item : registrationGone(item, one.name, act.now);
      return finished(without, act);
    },
  );
  return amended.ok ? reply('deregistered') : OUTAGE;
}
