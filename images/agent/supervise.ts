import type { RunnerRules } from '../../lambdas/contracts/claim.ts';
import { decideWatch, IDLE_RETRY_MS, type StopReason, type Watch } from './decide-watch.ts';
import type { Clock, Host, Listener, ListenerEnd, ListenerSign } from './host.ts';
import type { Reports } from './reports.ts';
import type { Timings } from './settings.ts';

export type SuperviseParts = {
  readonly host: Pick<Host, 'startListener' | 'lookForWorker' | 'log'>;
  readonly clock: Clock;
  readonly reports: Pick<Reports, 'phase' | 'heartbeat' | 'idle'>;
  readonly rules: RunnerRules;
  readonly timings: Pick<Timings, 'lookMs' | 'stopMaxMs'>;
  /** The machine is going down. */
  readonly halt: AbortSignal;
};

/** What is known of one Listener, and a bell that ends the current wait. The only mutable state of a supervision. */
type Shift = {
  watch: Watch;
  end: ListenerEnd | undefined;
  bell: AbortController;
};

/** Runs one Listener to its end: lifetime, idleness, heartbeats, and what the control plane tells. */
export async function superviseListener(parts: SuperviseParts, from: Watch) {
  const shift: Shift = { watch: from, end: undefined, bell: new AbortController() };
  const ring = () => shift.bell.abort();
  const listener = parts.host.startListener((sign) => {
    noteSign(parts, shift, sign);
    ring();
  });
  listener.ended.then((end) => {
    shift.end = end;
    ring();
  });
  parts.halt.addEventListener('abort', ring, { once: true });
  await watchOver(parts, shift, listener);
  parts.halt.removeEventListener('abort', ring);
  await look(parts, shift);
  return { end: shift.end ?? { exitCode: null }, watch: closeJob(parts, shift) };
}

/** Ends, since the lifetime stops the Listener, a stop is followed by a kill, and a kill by giving it up. */
async function watchOver(parts: SuperviseParts, shift: Shift, listener: Listener): Promise<void> {
  while (shift.end === undefined) {
    if (parts.halt.aborted) stop(parts, shift, { listener, why: 'machine-stopping' });
    await look(parts, shift);
    const next = decideWatch(shift.watch, parts.rules, { ...parts.timings, now: parts.clock.now() });
    switch (next.do) {
      case 'wait':
        await parts.clock.sleep(next.ms, shift.bell.signal);
        // Replaced only here: a bell rung while something else was awaited ends the next wait at once.
        shift.bell = new AbortController();
        break;
      case 'heartbeat':
        await heartbeat(parts, shift);
        break;
      case 'ask-idle':
        await askIdle(parts, shift, listener);
        break;
      case 'stop':
        stop(parts, shift, { listener, why: next.why });
        break;
      case 'kill':
        if (shift.watch.stop !== null) change(shift, { stop: { ...shift.watch.stop, isKilled: true } });
        listener.kill();
        break;
      case 'abandon':
        parts.host.log('listener-abandoned');
        return;
    }
  }
}

function change(shift: Shift, next: Partial<Watch>): void {
  shift.watch = { ...shift.watch, ...next };
}

function noteSign(parts: SuperviseParts, shift: Shift, sign: ListenerSign): void {
  const now = parts.clock.now();
  if (sign === 'job-taken') change(shift, { hasJobTaken: true });
  if (sign === 'job-done' && shift.watch.jobEndedAt === null) change(shift, { jobEndedAt: now });
  if (sign === 'listening' && shift.watch.onlineAt === null) {
    change(shift, { onlineAt: now, idleDueAt: now + parts.rules.idleMaxMs });
    parts.reports.phase('online', now);
  }
}

/** Notes the first sight of a Worker. Once seen it stays seen: job code may delete its log. */
async function look(parts: SuperviseParts, shift: Shift): Promise<void> {
  if (shift.watch.jobStartedAt !== null) return;
  const sight = await parts.host.lookForWorker();
  if (!sight.hasRun && !sight.isAlive) return;
  const now = parts.clock.now();
  change(shift, { jobStartedAt: now });
  parts.reports.phase('job-start', now);
}

function stop(parts: SuperviseParts, shift: Shift, how: { listener: Listener; why: StopReason }): void {
  if (shift.watch.stop !== null) return;
  change(shift, { stop: { why: how.why, at: parts.clock.now(), isKilled: false } });
  parts.host.log('listener-stop', { why: how.why });
  how.listener.stop();
}

/** Told to stop, it asks to be deregistered first, as when idle: a job may be on its way, and one that runs is never stopped. */
async function heartbeat(parts: SuperviseParts, shift: Shift): Promise<void> {
  const sight = await parts.host.lookForWorker();
  const now = parts.clock.now();
  change(shift, { heartbeatDueAt: now + parts.rules.heartbeatMs });
  if ((await parts.reports.heartbeat(sight.isAlive)) === 'stop') change(shift, { idleDueAt: now });
}

async function askIdle(parts: SuperviseParts, shift: Shift, listener: Listener): Promise<void> {
  const answer = await parts.reports.idle();
  parts.host.log('idle', { answer: answer ?? null });
  const againMs = answer === undefined ? IDLE_RETRY_MS : parts.rules.idleMaxMs;
  change(shift, { idleDueAt: parts.clock.now() + againMs });
  if (answer !== 'deregistered') return;
  // A job may have arrived while the registration was being deleted: only a Listener without one is stopped.
  await look(parts, shift);
  const isIdle = shift.watch.jobStartedAt === null && !shift.watch.hasJobTaken;
  if (isIdle) stop(parts, shift, { listener, why: 'idle' });
}

/** The last watch, with a job that was seen ended now at the latest, and its end reported. */
function closeJob(parts: SuperviseParts, shift: Shift): Watch {
  if (shift.watch.jobStartedAt === null) return shift.watch;
  const jobEndedAt = shift.watch.jobEndedAt ?? parts.clock.now();
  parts.reports.phase('job-end', jobEndedAt);
  return { ...shift.watch, jobEndedAt };
}
