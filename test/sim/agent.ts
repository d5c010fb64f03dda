import { decideClaim, newClaimTrack } from '../../images/agent/decide-claim.ts';
import { spacing } from '../../images/agent/decide-spacing.ts';
import type { ClaimGranted } from '../../lambdas/contracts/claim.ts';
import type { ListenerVerdict } from '../../lambdas/contracts/report.ts';
import { between, fractionOf, hashText, mix } from './draws.ts';
import { invokeClaim } from './functions.ts';
import { startListener } from './listener.ts';
import { STACK_ID } from './places.ts';
import { createReporter, type Reporter } from './reporter.ts';
import type { Sim } from './sim.ts';
import { post } from './wire.ts';

/** One machine from inside. Every step asks first whether it still runs. */
export interface Machine {
  readonly instanceId: string;
  readonly sim: Sim;
  readonly key: number;
  readonly bootAt: number;
  /** The operating system runs; false: nothing of it ever happens again. */
  isUp: boolean;
  /** It hangs: it draws money and says nothing. */
  isFrozen: boolean;
  /** What runs on it wants to know of the machine's end. */
  onHalt: () => void;
  onGone: () => void;
  /** GitHub has something to say to its session. */
  onWoken: () => void;
  /** Who holds which session, of all machines. */
  readonly sessions: Map<string, Machine>;
}

/** Limits of images/agent/settings.ts. */
const LIMITS = { claimMaxMs: 600_000, unreachableMaxMs: 300_000, refusedMaxMs: 90_000 };
const CLAIM_ANSWER_MS = 45_000;
/** From running to the agent's first act, usual and slow. */
const BOOT = { minMs: 8_000, maxMs: 25_000, slowMinMs: 60_000, slowMaxMs: 330_000 };
const QUIT_MAX_MS = 4 * 60_000;

export const fraction = (machine: Machine, what: string): number =>
  fractionOf(mix(machine.key, hashText(what)));

export function strikes(machine: Machine, kind: string): boolean {
  const { key, instanceId, sim } = machine;
  return sim.book.strikes(kind, 'machine', { key, call: 0, name: instanceId });
}

/** Later, if the machine still runs then. */
export function later(machine: Machine, ms: number, work: () => void): void {
  machine.sim.clock.after(ms, () => {
    if (machine.isUp && !machine.isFrozen) work();
  });
}

/** EC2 says that the instance runs: it boots. */
export function bootMachine(sim: Sim, instanceId: string, sessions: Map<string, Machine>): Machine {
  const key = mix(sim.scenario.seed, hashText(instanceId));
  const machine: Machine = {
    instanceId,
    sim,
    key,
    bootAt: sim.clock.now,
    isUp: true,
    isFrozen: false,
    onHalt: () => undefined,
    onGone: () => undefined,
    onWoken: () => undefined,
    sessions,
  };
  const isSlow = strikes(machine, 'slow-boot');
  const [minMs, maxMs] = isSlow ? [BOOT.slowMinMs, BOOT.slowMaxMs] : [BOOT.minMs, BOOT.maxMs];
  later(machine, between(fraction(machine, 'boot'), minMs, maxMs), () => claim(machine));
  misbehave(machine);
  return machine;
}

/** Machines that give up or freeze at some moment of their life. */
function misbehave(machine: Machine): void {
  const atMs = between(fraction(machine, 'misbehave'), 5_000, QUIT_MAX_MS);
  if (strikes(machine, 'agent-quits')) later(machine, atMs, () => powerOff(machine));
  if (!strikes(machine, 'agent-hangs')) return;
  later(machine, atMs, () => freeze(machine));
}

function freeze(machine: Machine): void {
  machine.isFrozen = true;
  machine.sim.tell({ kind: 'frozen', instanceId: machine.instanceId });
  machine.onGone();
}

/** Shutdown behaviour is terminate: a machine that powers off is gone, unless it cannot. */
export function powerOff(machine: Machine): void {
  if (!machine.isUp) return;
  if (strikes(machine, 'power-off-fails')) {
    freeze(machine);
    return;
  }
  machine.isUp = false;
  machine.onGone();
  machine.sim.ec2.powerOff(machine.instanceId, machine.sim.clock.now);
}

/** Asks until there is an end: a delivery or a reason to power off (images/agent/claim.ts). */
function claim(machine: Machine): void {
  const { sim, instanceId } = machine;
  const body = JSON.stringify({
    protocolVersion: 1,
    stackId: STACK_ID,
    identity: sim.ec2.identityDocument(instanceId),
    boot: sim.draw(`boot ${instanceId}`).toString(16).slice(2).padEnd(64, '0').slice(0, 64),
    agentVersion: '1',
  });
  let track = newClaimTrack(sim.clock.now);
  let tries = 0;
  const ask = (): void => {
    tries += 1;
    const name = `${instanceId}.${tries}`;
    post(machine, { fn: 'claim', name, timeoutMs: CLAIM_ANSWER_MS }, send(name), (answer) => {
      const step = decideClaim(track, answer, {
        now: sim.clock.now,
        fraction: fraction(machine, `claim ${tries}`),
        limits: LIMITS,
      });
      if (step.do === 'power-off') return powerOff(machine);
      if (step.do === 'go-on') return serve(machine, step.granted);
      track = step.track;
      later(machine, step.afterMs, ask);
    });
  };
  const send = (name: string) => (reply: (answer: { status: number; body: string }) => void) =>
    invokeClaim(sim, { name, instanceId, body }, (answer) =>
      reply({ status: answer?.statusCode ?? 502, body: JSON.stringify(answer?.body ?? {}) }),
    );
  ask();
}

/** From the delivery to the last report (images/agent/run-agent.ts). */
function serve(machine: Machine, granted: ClaimGranted): void {
  const reporter = createReporter(machine, granted.reportToken);
  reporter.phase('boot');
  reporter.phase('claim');
  startListener(machine, { granted, reporter }, (verdict, times) =>
    later(machine, verdict === 'ran' ? granted.rules.graceMs : 0, () =>
      finish(machine, reporter, { verdict, ...times }),
    ),
  );
}

const FINAL_TRIES_MAX = 5;
const SPACING_MAX_MS = 8_000;

export interface Final {
  readonly verdict: ListenerVerdict;
  readonly jobStartedAt: number | null;
  readonly jobEndedAt: number | null;
}

function finish(machine: Machine, reporter: Reporter, final: Final): void {
  reporter.settled(() => {
    const say = (tries: number): void =>
      reporter.send({ kind: 'final', exitCode: 0, note: '', ...final }, (answer) => {
        const isPassing = answer === undefined || answer.status >= 500;
        if (!isPassing || tries >= FINAL_TRIES_MAX) return powerOff(machine);
        later(machine, spacing(tries, SPACING_MAX_MS, fraction(machine, `final ${tries}`)), () =>
          say(tries + 1),
        );
      });
    say(1);
  });
}
