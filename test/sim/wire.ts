import type { HttpAnswer } from '../../images/agent/http.ts';
import { fraction, later, type Machine } from './agent.ts';
import { between, hashText } from './draws.ts';

export interface Letter {
  readonly fn: 'claim' | 'report' | 'guard';
  readonly name: string;
  /** How long the agent waits for an answer. */
  readonly timeoutMs: number;
}

export type Answer = Pick<HttpAnswer, 'status' | 'body'>;

/** A request over the network: lost, doubled by a proxy on its way, or answered in vain. Calls back exactly once. */
export function post(
  machine: Machine,
  letter: Letter,
  send: (reply: (answer: Answer) => void) => void,
  answered: (answer: Answer | undefined) => void,
): void {
  const { sim } = machine;
  const { clock, book } = sim;
  const { fn, name, timeoutMs } = letter;
  const key = hashText(`${fn}:${name}`);
  const hits = (kind: string): boolean => book.strikes(kind, fn, { key, call: 0, name });
  const ms = (what: string): number => between(fraction(machine, `${what} ${fn} ${name}`), 5, 60);
  let isOver = false;
  const conclude = (answer: Answer | undefined): void => {
    if (isOver || !machine.isUp || machine.isFrozen) return;
    isOver = true;
    answered(answer);
  };
  later(machine, timeoutMs, () => conclude(undefined));
  if (hits('request-lost')) return;
  const isReplyLost = hits('reply-lost');
  const travel = (isTwin: boolean, afterMs: number): void =>
    clock.after(afterMs, () =>
      send((answer) => {
        if (isReplyLost || isTwin) return;
        clock.after(ms('reply'), () => conclude(answer));
      }),
    );
  if (hits('request-doubled')) travel(true, ms('twin'));
  travel(false, ms('request'));
}
