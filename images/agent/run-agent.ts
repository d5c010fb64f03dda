import type { ClaimGranted } from '../../lambdas/contracts/claim.ts';
import { claim } from './claim.ts';
import { decideVerdict } from './decide-verdict.ts';
import { newWatch, type Watch } from './decide-watch.ts';
import { describe, fault } from './fault.ts';
import { type Guard, startGuard } from './guard.ts';
import type { Clock, Dice, Host } from './host.ts';
import type { Http } from './http.ts';
import { isPrivateWay, readMachine } from './machine.ts';
import { createReports, type FinalWords, type Reports } from './reports.ts';
import type { AgentSettings } from './settings.ts';
import { superviseListener } from './supervise.ts';

export type AgentParts = {
  readonly host: Host;
  readonly http: Http;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly settings: AgentSettings;
  /** Aborted when the machine is going down: the claim is given up, a running Listener stopped. */
  readonly halt: AbortSignal;
};

/** A delivered claim without its JIT files. */
type Terms = Omit<ClaimGranted, 'jit'>;
type Settled = {
  readonly terms: Terms;
  readonly reports: Reports;
  /** Null: the machine never came so far. */
  readonly guard: Guard | null;
  readonly trouble: string | null;
};

/** One machine's whole life. However it goes, it ends in power off; it never rejects for any other reason. */
export async function runAgent(parts: AgentParts): Promise<void> {
  try {
    await live(parts);
  } catch (error) {
    parts.host.log('agent-failed', { why: describe(error) });
  } finally {
    await parts.host.powerOff();
  }
}

async function live(parts: AgentParts): Promise<void> {
  const { clock, host } = parts;
  const bootAt = clock.now();
  const settled = await settleIn(parts, bootAt);
  if (settled === undefined) return;
  const { reports, terms } = settled;
  const words =
    settled.trouble === null
      ? await serveGuarded(parts, settled, bootAt)
      : endedWords('failed', settled.trouble);
  host.log('listener-ended', { verdict: words.verdict, exitCode: words.exitCode });
  // Only a job has a completion to deliver before the machine may go (github-protocol §3.2).
  if (words.verdict === 'ran') await clock.sleep(terms.rules.graceMs, parts.halt);
  await reports.settle();
  await reports.final(words);
}

/**
 * From the first network act to a machine ready for its Listener. Undefined: not needed or not served. The JIT files
 * live in this frame alone: nothing refers to them once they are placed.
 */
async function settleIn(parts: AgentParts, bootAt: number): Promise<Settled | undefined> {
  const { clock, dice, host, http, settings } = parts;
  const machine = await readMachine({ clock, dice, http }, settings);
  const claimed = await claim(parts, machine);
  if (claimed.do === 'power-off') {
    host.log('claim-ended', { why: claimed.why });
    return undefined;
  }
  const { jit, ...terms } = claimed.granted;
  host.log('claimed', { runner: terms.runnerName, hardening: terms.rules.hardening });
  if (!isPrivateWay(terms.reportUrl)) throw fault('claim: want an https reportUrl');
  const reports = createReports(
    { clock, dice, host, http, timeoutMs: settings.timings.reportAnswerMs },
    { url: terms.reportUrl, token: terms.reportToken, instanceId: machine.instanceId },
  );
  reports.phase('boot', bootAt);
  reports.phase('claim', clock.now());
  try {
    await host.closeMetadata();
    const guard = await guardFor(parts, terms, machine.instanceId);
    await host.placeFiles(jit);
    return { terms, reports, guard, trouble: null };
  } catch (error) {
    return { terms, reports, guard: null, trouble: describe(error) };
  }
}

/** Listens for the hook before any Listener can have a job. */
async function guardFor(parts: AgentParts, { guardUrl, reportToken: token }: Terms, instanceId: string) {
  if (guardUrl !== null && !isPrivateWay(guardUrl)) throw fault('claim: want an https guardUrl');
  const target = guardUrl === null ? null : { url: guardUrl, token, instanceId };
  return startGuard({ ...parts, timings: parts.settings.timings }, target);
}

/** A denied job ends the machine while its hook still blocks: the Listener is not asked. */
async function serveGuarded(parts: AgentParts, settled: Settled, bootAt: number): Promise<FinalWords> {
  const served = serve(parts, settled, bootAt);
  if (settled.guard === null) return served;
  const denied = settled.guard.denied.then((why) => endedWords('denied', why));
  return Promise.race([served, denied]);
}

/** Runs the Listener, again where its exit code asks for it, and says how it went. */
async function serve(parts: AgentParts, settled: Settled, bootAt: number): Promise<FinalWords> {
  const { clock, host, settings, halt } = parts;
  const { rules } = settled.terms;
  let watch = newWatch(bootAt, clock.now(), rules);
  // Bounded by decideVerdict.
  for (let relaunches = 0; ; relaunches += 1) {
    const run = await superviseListener(
      { host, clock, reports: settled.reports, rules, timings: settings.timings, halt },
      watch,
    );
    watch = run.watch;
    const after = decideVerdict({
      exitCode: run.end.exitCode,
      hasWorkerRun: watch.jobStartedAt !== null,
      wasStopped: watch.stop !== null,
      relaunches,
    });
    if (after.do === 'end') return wordsOf(watch, after.verdict, run.end.exitCode);
    host.log('listener-again', { exitCode: run.end.exitCode });
    await clock.sleep(settings.timings.relaunchMs, halt);
  }
}

const wordsOf = (watch: Watch, verdict: FinalWords['verdict'], exitCode: number | null): FinalWords => ({
  verdict,
  exitCode,
  jobStartedAt: watch.jobStartedAt,
  jobEndedAt: watch.jobEndedAt,
  note: watch.stop === null ? '' : `stopped: ${watch.stop.why}`,
});

const endedWords = (verdict: 'failed' | 'denied', why: string): FinalWords => ({
  verdict,
  exitCode: null,
  jobStartedAt: null,
  jobEndedAt: null,
  note: why.slice(0, 500),
});
