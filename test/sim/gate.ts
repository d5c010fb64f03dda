import { decideGuard, questionOf } from '../../images/agent/decide-guard.ts';
import { fraction, later, type Machine } from './agent.ts';
import { invokeGuard } from './functions.ts';
import { post } from './wire.ts';

/** Limits of images/agent/settings.ts. */
const GUARD_ANSWER_MS = 10_000;
const GUARD_MAX_MS = 60_000;
/** After a denial: the hook's words reach the job's log before the machine goes. */
const FLUSH_MS = 3_000;

/** The job-started hook and the agent's question for it (images/agent/guard.ts): calls back once, with yes or no. */
export function askGate(
  machine: Machine,
  what: {
    readonly variables: Readonly<Record<string, string>>;
    readonly token: string;
    readonly jobId: string;
  },
  decided: (isAllowed: boolean) => void,
): void {
  const { sim, instanceId } = machine;
  const { variables, token, jobId } = what;
  const question = questionOf(JSON.stringify(variables), instanceId);
  const body = JSON.stringify(question);
  const startedAt = sim.clock.now;
  const ask = (tries: number): void => {
    const name = `${instanceId}.${jobId}.${tries}`;
    post(
      machine,
      { fn: 'guard', name, timeoutMs: GUARD_ANSWER_MS },
      (reply) =>
        invokeGuard(sim, { name, body, token }, (said) =>
          reply({ status: said?.statusCode ?? 502, body: JSON.stringify(said?.body ?? {}) }),
        ),
      (answer) => {
        const spentMs = sim.clock.now - startedAt;
        const chance = fraction(machine, `guard ${name}`);
        const step = decideGuard(answer, { tries, spentMs, maxMs: GUARD_MAX_MS, fraction: chance });
        if (step.do === 'ask-again') {
          later(machine, step.afterMs, () => ask(tries + 1));
          return;
        }
        const isAllowed = step.do === 'allow';
        sim.tell({ kind: 'guarded', instanceId, jobId, isAllowed, isAnswered: spentMs < GUARD_MAX_MS / 2 });
        if (isAllowed) decided(true);
        else later(machine, FLUSH_MS, () => decided(false));
      },
    );
  };
  ask(1);
}
