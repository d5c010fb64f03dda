import { becomeIdle, becomeUnready, setRunner } from './assign.ts';
import { completeJob, setFacts, startJob } from './jobs.ts';
import { removeRunner, watchUnused } from './runners.ts';
import { later, type State } from './state.ts';
import type * as T from './types.ts';

/** What the JIT files prove: `.credentials` names the client, `.credentials_rsaparams` holds its key (`d`). */
export interface RunnerCredentials {
  readonly clientId: string;
  readonly key: string;
}

export interface ConnectWish extends RunnerCredentials {
  readonly version: string;
  /** As the runner object will show it. */
  readonly os?: string;
}

export type Connected =
  | { readonly kind: 'session'; readonly sessionId: string; readonly runnerId: string }
  /** `invalid-client`: deleted, used up or never there. `session-conflict`: another session lives on this key. */
  | {
      readonly kind: 'refused';
      readonly reason: 'invalid-client' | 'session-conflict' | 'version-deprecated';
    };

export type Message =
  | { readonly kind: 'none' }
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'cancel'; readonly jobId: string }
  /** The registration is gone: the Listener ends with code 0. */
  | { readonly kind: 'gone' };

/** One job as its runner names it. */
export interface JobOfSession {
  readonly sessionId: string;
  readonly jobId: string;
}

export interface Finish extends JobOfSession {
  readonly conclusion: T.Conclusion;
  readonly steps: readonly T.StepResult[];
}

/** Opens the one session of a runner. */
export function connect(state: State, wish: ConnectWish, now: number): Connected {
  const runner = state.runnerByClient.get(wish.clientId);
  if (runner === undefined || runner.secret !== wish.key || runner.ranJobId !== null) {
    return { kind: 'refused', reason: 'invalid-client' };
  }
  if (runner.session !== null || runner.job !== null) {
    runner.conflicts += 1;
    return { kind: 'refused', reason: 'session-conflict' };
  }
  if (state.faults.versionsRefused.includes(wish.version)) {
    return { kind: 'refused', reason: 'version-deprecated' };
  }
  runner.sessions += 1;
  const session: T.Session = { id: `${runner.clientId}-${runner.sessions}`, runner, seenAt: now };
  state.sessions.set(session.id, session);
  runner.version = wish.version;
  runner.os = wish.os ?? 'Linux';
  runner.firstConnectedAt ??= now;
  attend(state, session, now);
  watchIdle(state, session, now);
  return { kind: 'session', sessionId: session.id, runnerId: String(runner.id) };
}

/** What the long poll would answer now. Every call shows that the runner lives. */
export function poll(state: State, sessionId: string, now: number): Message {
  const session = sessionOf(state, sessionId, now);
  if (session === undefined) return { kind: 'gone' };
  const { runner } = session;
  if (runner.state === 'stalled') becomeIdle(state, runner, now);
  const { job } = runner;
  if (job === null) return { kind: 'none' };
  if (runner.state === 'assigned') return { kind: 'job', jobId: String(job.id) };
  return job.cancelAskedAt === null ? { kind: 'none' } : { kind: 'cancel', jobId: String(job.id) };
}

/** Starts the job this session was handed; undefined when it is not, or no longer, this runner's. */
export function acquire(state: State, which: JobOfSession, now: number): T.Job | undefined {
  const { runner, job } = heldBy(state, which, now);
  if (job === undefined || runner.state !== 'assigned') return undefined;
  job.assigned = null;
  setRunner(runner, 'busy', now);
  startJob(state, { job, runner }, now);
  return job;
}

/** Keeps the lease of a running job. False: the job ended elsewhere, the runner should stop. */
export function renew(state: State, which: JobOfSession, now: number): boolean {
  const { runner } = heldBy(state, which, now);
  return runner?.state === 'busy';
}

/** Ends the job and with it the registration. False: the job ended elsewhere. */
export function finish(state: State, result: Finish, now: number): boolean {
  const { runner, job } = heldBy(state, result, now);
  if (job === undefined || runner.state !== 'busy') return false;
  setFacts(job, { steps: [...result.steps] }, now);
  completeJob(state, { job, conclusion: result.conclusion }, now);
  state.sessions.delete(result.sessionId);
  return true;
}

/** The Listener closes its session, or its host is known to be dead. A job it runs fails when its lease has lapsed. */
export function disconnect(state: State, sessionId: string, now: number): void {
  const session = state.sessions.get(sessionId);
  if (session === undefined) return;
  state.sessions.delete(sessionId);
  state.woken.delete(sessionId);
  loseSight(state, session, now);
}

function heldBy(
  state: State,
  which: JobOfSession,
  now: number,
): { readonly runner: T.Runner; readonly job: T.Job } | { readonly runner?: never; readonly job?: never } {
  const session = sessionOf(state, which.sessionId, now);
  const job = session?.runner.job;
  if (session === undefined || job == null || String(job.id) !== which.jobId) return {};
  return { runner: session.runner, job };
}

/** The session, seen alive now; one that had fallen silent is back. Undefined: the runner has no session any more. */
function sessionOf(state: State, sessionId: string, now: number): T.Session | undefined {
  const session = state.sessions.get(sessionId);
  if (session === undefined) return undefined;
  const { runner } = session;
  const isReplaced = runner.session !== null && runner.session !== session;
  if (runner.removedAt !== null || isReplaced) {
    state.sessions.delete(sessionId);
    return undefined;
  }
  session.seenAt = now;
  if (runner.session === null) attend(state, session, now);
  return session;
}

function attend(state: State, session: T.Session, now: number): void {
  const { runner } = session;
  runner.session = session;
  watchSilence(state, session, now);
  if (runner.state === 'busy') setRunner(runner, 'busy', now);
  else becomeIdle(state, runner, now);
}

function loseSight(state: State, session: T.Session, now: number): void {
  const { runner } = session;
  if (runner.session !== session || runner.removedAt !== null) return;
  runner.session = null;
  if (runner.state !== 'busy') {
    runner.offlineSince = now;
    becomeUnready(state, { runner, to: 'offline' }, now);
    watchUnused(state, runner);
    return;
  }
  setRunner(runner, 'busy', now);
  const { job } = runner;
  if (job === null) return;
  later(state, session.seenAt + state.limits.leaseMaxMs, (at) => {
    const isSilent = runner.session === null && session.seenAt + state.limits.leaseMaxMs <= at;
    if (isSilent && runner.job === job) completeJob(state, { job, conclusion: 'failure' }, at);
  });
}

function watchSilence(state: State, session: T.Session, since: number): void {
  const { silenceMaxMs } = state.limits;
  if (!Number.isFinite(silenceMaxMs)) return;
  later(state, since + silenceMaxMs, (at) => {
    if (session.runner.session !== session || !state.sessions.has(session.id)) return;
    if (session.seenAt + silenceMaxMs <= at) loseSight(state, session, at);
    else watchSilence(state, session, session.seenAt);
  });
}

function watchIdle(state: State, session: T.Session, now: number): void {
  const { idleRemovedMs } = state.faults;
  if (idleRemovedMs === null) return;
  later(state, now + idleRemovedMs, (at) => {
    const { runner } = session;
    if (runner.session === session && runner.job === null)
      removeRunner(state, runner, { by: 'idle', now: at });
  });
}
