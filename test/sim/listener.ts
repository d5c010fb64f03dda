import { decideVerdict } from '../../images/agent/decide-verdict.ts';
import { decideWatch, IDLE_RETRY_MS, newWatch, type Watch } from '../../images/agent/decide-watch.ts';
import type { ClaimGranted } from '../../lambdas/contracts/claim.ts';
import { type ListenerVerdict, reportAnswer } from '../../lambdas/contracts/report.ts';
import { fraction, later, type Machine } from './agent.ts';
import { between } from './draws.ts';
import { askGate } from './gate.ts';
import { durationOf, pounce } from './people.ts';
import type { Reporter } from './reporter.ts';
import type { Answer } from './wire.ts';

/** The runner's program and the agent's watch over it (images/agent/supervise.ts), as one machine of states. */
interface Shift {
  watch: Watch;
  sessionId: string | null;
  jobId: string | null;
  exitCode: number | null;
  isOver: boolean;
  /** The watch waits for an answer of the control plane. */
  isAsking: boolean;
  /** Raised by every change: an older wait then means nothing. */
  turn: number;
}

export type ListenerOver = (
  verdict: ListenerVerdict,
  times: { readonly jobStartedAt: number | null; readonly jobEndedAt: number | null },
) => void;

interface Parts {
  readonly machine: Machine;
  readonly granted: ClaimGranted;
  readonly reporter: Reporter;
  readonly shift: Shift;
  readonly over: ListenerOver;
}

/** A look for the Worker at this spacing is enough: the listener's own words wake the watch. */
const WATCH = { lookMs: 60_000, stopMaxMs: 40_000 };
/** A host that fell silent is shown as offline after up to this. */
const SILENCE_MAX_MS = 120_000;
const CLIENT_REFUSED = { 'invalid-client': 1, 'session-conflict': 5, 'version-deprecated': 7 } as const;

export function startListener(
  machine: Machine,
  what: { readonly granted: ClaimGranted; readonly reporter: Reporter },
  over: ListenerOver,
): void {
  const { sim } = machine;
  const shift: Shift = {
    watch: newWatch(machine.bootAt, sim.clock.now, what.granted.rules),
    sessionId: null,
    jobId: null,
    exitCode: null,
    isOver: false,
    isAsking: false,
    turn: 0,
  };
  const parts: Parts = { machine, ...what, shift, over };
  machine.onHalt = () => stop(parts, 'machine-stopping');
  machine.onGone = () => {
    const { sessionId } = shift;
    machine.onWoken = () => undefined;
    if (sessionId === null) return;
    const silentMs = between(fraction(machine, 'silence'), 0, SILENCE_MAX_MS);
    sim.clock.after(silentMs, () => sim.github.disconnect(sessionId, sim.clock.now));
  };
  later(machine, between(fraction(machine, 'start'), 1_500, 4_000), () => connect(parts));
  watchOver(parts);
}

const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');

function connect(parts: Parts): void {
  const { machine, granted, shift } = parts;
  const { sim, instanceId } = machine;
  if (shift.isOver) return;
  const clientId: string = JSON.parse(text(granted.jit['.credentials'])).data.clientId;
  const key: string = JSON.parse(text(granted.jit['.credentials_rsaparams'])).d;
  const now = sim.clock.now;
  sim.tell({ kind: 'connected', instanceId, clientId });
  const connected = sim.github.connect({ clientId, key, version: '2.330.0' }, now);
  if (connected.kind === 'refused') {
    end(parts, CLIENT_REFUSED[connected.reason]);
    return;
  }
  shift.sessionId = connected.sessionId;
  machine.sessions.set(connected.sessionId, machine);
  machine.onWoken = () => poll(parts);
  change(parts, { onlineAt: now, idleDueAt: now + granted.rules.idleMaxMs });
  parts.reporter.phase('online');
  poll(parts);
}

/** What GitHub's long poll says. */
function poll(parts: Parts): void {
  const { machine, shift } = parts;
  const { sim } = machine;
  if (shift.sessionId === null || shift.isOver) return;
  const message = sim.github.poll(shift.sessionId, sim.clock.now);
  if (message.kind === 'gone' && shift.watch.jobStartedAt === null) end(parts, 0);
  if (message.kind === 'gone' && shift.jobId !== null) jobOver(parts);
  if (message.kind === 'job' && !shift.watch.hasJobTaken) pickUp(parts, message.jobId);
  if (message.kind === 'cancel') later(machine, 1_500, () => finishJob(parts, 'cancelled'));
}

function pickUp(parts: Parts, jobId: string): void {
  const { machine, shift, granted } = parts;
  const { sim, instanceId } = machine;
  change(parts, { hasJobTaken: true });
  later(machine, between(fraction(machine, `pick up ${jobId}`), 300, 2_500), () => {
    if (shift.isOver || shift.sessionId === null || shift.jobId !== null) return;
    const now = sim.clock.now;
    const message = sim.github.acquire({ sessionId: shift.sessionId, jobId }, now);
    if (message === undefined) {
      change(parts, { hasJobTaken: false });
      later(machine, 1_000, () => poll(parts));
      return;
    }
    shift.jobId = jobId;
    sim.tell({ kind: 'job-started', instanceId, jobId });
    change(parts, { jobStartedAt: now });
    parts.reporter.phase('job-start');
    const { variables } = message;
    askGate(machine, { variables, token: granted.reportToken, jobId }, (isAllowed) => {
      if (isAllowed) later(machine, durationOf(sim, jobId), () => finishJob(parts, 'success'));
      else deny(parts);
    });
  });
}

/** The hook still blocks: no step has run, and the machine powers off under the job. */
function deny(parts: Parts): void {
  const { machine, shift, over } = parts;
  if (shift.isOver) return;
  if (shift.jobId !== null)
    machine.sim.tell({ kind: 'job-ended', instanceId: machine.instanceId, jobId: shift.jobId });
  shift.isOver = true;
  shift.turn += 1;
  machine.onWoken = () => undefined;
  over('denied', { jobStartedAt: shift.watch.jobStartedAt, jobEndedAt: null });
}

function finishJob(parts: Parts, conclusion: 'success' | 'cancelled' | 'failure'): void {
  const { machine, shift } = parts;
  if (shift.isOver || shift.jobId === null || shift.sessionId === null) return;
  const { sessionId, jobId } = shift;
  machine.sim.github.finish({ sessionId, jobId, conclusion, steps: [] }, machine.sim.clock.now);
  jobOver(parts);
}

function jobOver(parts: Parts): void {
  const { machine, shift } = parts;
  if (shift.jobId === null) return;
  machine.sim.tell({ kind: 'job-ended', instanceId: machine.instanceId, jobId: shift.jobId });
  shift.jobId = null;
  shift.watch = { ...shift.watch, jobEndedAt: machine.sim.clock.now };
  parts.reporter.phase('job-end');
  end(parts, 0);
}

function end(parts: Parts, exitCode: number): void {
  const { machine, shift, over } = parts;
  if (shift.isOver) return;
  shift.isOver = true;
  shift.turn += 1;
  machine.onWoken = () => undefined;
  if (shift.sessionId !== null) machine.sim.github.disconnect(shift.sessionId, machine.sim.clock.now);
  const { jobStartedAt, jobEndedAt, stop: stopped } = shift.watch;
  const hasWorkerRun = jobStartedAt !== null;
  const after = decideVerdict({ exitCode, hasWorkerRun, wasStopped: stopped !== null, relaunches: 3 });
  over(after.do === 'end' ? after.verdict : 'failed', { jobStartedAt, jobEndedAt });
}

function change(parts: Parts, next: Partial<Watch>): void {
  parts.shift.watch = { ...parts.shift.watch, ...next };
  parts.shift.turn += 1;
  watchOver(parts);
}

/** Lifetime, idleness and heartbeats, as the agent decides them. */
function watchOver(parts: Parts): void {
  const { machine, shift, granted } = parts;
  if (shift.isOver || shift.isAsking) return;
  const next = decideWatch(shift.watch, granted.rules, { ...WATCH, now: machine.sim.clock.now });
  switch (next.do) {
    case 'wait': {
      const { turn } = shift;
      later(machine, next.ms, () => {
        if (shift.turn === turn) watchOver(parts);
      });
      break;
    }
    case 'heartbeat':
      heartbeat(parts);
      break;
    case 'ask-idle':
      askIdle(parts);
      break;
    case 'stop':
      stop(parts, next.why);
      break;
    default:
      end(parts, 1);
  }
}

/** A stopped Listener fails its job, if it has one, and ends. */
function stop(parts: Parts, why: 'lifetime' | 'idle' | 'machine-stopping'): void {
  const { machine, shift } = parts;
  if (shift.watch.stop !== null || shift.isOver) return;
  shift.watch = { ...shift.watch, stop: { why, at: machine.sim.clock.now, isKilled: false } };
  shift.turn += 1;
  later(machine, 1_000, () => {
    if (shift.jobId !== null) finishJob(parts, 'failure');
    else end(parts, 0);
  });
}

const wordOf = (answer: Answer | undefined): string | undefined =>
  answer?.status === 200 ? reportAnswer.parse(JSON.parse(answer.body)).answer : undefined;

function ask(parts: Parts, words: Record<string, unknown>, then: (word: string | undefined) => void): void {
  const { shift, reporter } = parts;
  shift.isAsking = true;
  shift.turn += 1;
  reporter.send(words, (answer) => {
    shift.isAsking = false;
    then(wordOf(answer));
    watchOver(parts);
  });
}

function heartbeat(parts: Parts): void {
  const { shift, machine, granted } = parts;
  ask(parts, { kind: 'heartbeat', workerAlive: shift.jobId !== null }, (word) => {
    const now = machine.sim.clock.now;
    shift.watch = { ...shift.watch, heartbeatDueAt: now + granted.rules.heartbeatMs };
    if (word === 'stop') shift.watch = { ...shift.watch, idleDueAt: now };
  });
}

/** How long before the question a job may come out of the blue: it is assigned then, picked up or not yet. */
const POUNCE_MAX_MS = 2_000;

function askIdle(parts: Parts): void {
  const { shift, machine } = parts;
  const visit = { key: machine.key, call: shift.turn, name: machine.instanceId };
  if (!machine.sim.book.strikes('pounce', 'idle', visit)) {
    askWhetherIdle(parts);
    return;
  }
  const name = `pounce idle ${machine.instanceId} ${shift.turn}`;
  shift.isAsking = true;
  pounce(machine.sim, name);
  later(machine, between(fraction(machine, name), 0, POUNCE_MAX_MS), () => askWhetherIdle(parts));
}

function askWhetherIdle(parts: Parts): void {
  const { shift, machine, granted } = parts;
  ask(parts, { kind: 'idle' }, (word) => {
    const againMs = word === undefined ? IDLE_RETRY_MS : granted.rules.idleMaxMs;
    shift.watch = { ...shift.watch, idleDueAt: machine.sim.clock.now + againMs };
    const isIdle = shift.watch.jobStartedAt === null && !shift.watch.hasJobTaken;
    if (word === 'deregistered' && isIdle) stop(parts, 'idle');
  });
}
