/** Where a function dies: at the n-th call of a port, before its effect or after it. */
export interface Death {
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** The count of port calls, shared by all invocations of a case, and how many of its deaths have come. */
export interface Fate {
  calls: number;
  died: number;
  readonly deaths: readonly Death[];
}

export const newFate = (deaths: readonly Death[] = []): Fate => ({ calls: 0, died: 0, deaths });

const DEAD = Symbol('dead');

/**
 * Runs one invocation over ports that may die under it. A dead invocation never continues: its call simply has no answer,
 * so no `catch` or `finally` of the product runs either. Returns undefined for the dead.
 */
export async function live<P extends object, R>(
  ports: P,
  fate: Fate,
  work: (ports: P) => Promise<R>,
): Promise<R | undefined> {
  let die = (): void => {};
  const death = new Promise<typeof DEAD>((resolve) => {
    die = () => resolve(DEAD);
  });
  const ended = await Promise.race([work(mortal(ports, fate, () => die())), death]);
  return ended === DEAD ? undefined : ended;
}

const PORTS = ['ledger', 'instances', 'github'] as const;

/** The same ports, each call of which counts towards the fate. */
function mortal<P extends object>(ports: P, fate: Fate, die: () => void): P {
  const life = { isOver: false };
  const wrapped = Object.fromEntries(
    PORTS.filter((name) => name in ports).map((name) => [
      name,
      mortalPort(Object(Reflect.get(ports, name)), { fate, life, die }),
    ]),
  );
  return { ...ports, ...wrapped };
}

interface Life {
  readonly fate: Fate;
  readonly life: { isOver: boolean };
  readonly die: () => void;
}

const never = (): Promise<never> => new Promise(() => {});

function mortalPort(port: object, { fate, life, die }: Life): object {
  return new Proxy(port, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]): Promise<unknown> => {
        if (life.isOver) return never();
        const call = fate.calls++;
        const death = fate.deaths.find((one) => one.call === call);
        if (death?.when === 'before') return end(fate, life, die);
        const answer: unknown = await method.apply(target, given);
        if (life.isOver) return never();
        return death === undefined ? answer : end(fate, life, die);
      };
    },
  });
}

function end(fate: Fate, life: { isOver: boolean }, die: () => void): Promise<never> {
  fate.died += 1;
  life.isOver = true;
  die();
  return never();
}
