import { type Fault, killCallerAfter, killCallerBefore } from '../aws/faults.ts';
import { type Draw, drawIndex } from '../github/draw.ts';
import type { RunningStack } from '../stack/run.ts';
import type { Strike } from './chaos.ts';

/**
 * Calls to AWS between two deaths of a function, on average. A function that takes batches needs far more than one batch's
 * calls to get anywhere; all it has written by its death stays written.
 */
const CALLS_BETWEEN = {
  webhook: 40,
  dispatch: 400,
  claim: 120,
  report: 80,
  observe: 80,
  sweep: 100,
} as const;
/** Each dies for the first time within so many calls: even a run of a dozen jobs sees it. */
const FIRST_MAX = 20;

export type FunctionName = keyof typeof CALLS_BETWEEN;
export const FUNCTIONS: readonly FunctionName[] = [
  'webhook',
  'dispatch',
  'claim',
  'report',
  'observe',
  'sweep',
];

interface Fate {
  readonly name: FunctionName;
  deaths: number;
  /** Calls until the next death. */
  left: number;
}

/** Stands before every call of every function and kills the caller when its time has come. */
export function killFunctions(
  stack: Pick<RunningStack, 'faults' | 'logicalIdAt'>,
  draw: Draw,
  strike: Strike,
): void {
  const fates = new Map(
    FUNCTIONS.map((name) => {
      const left = 1 + drawIndex(draw, `first death ${name}`, FIRST_MAX);
      return [stack.logicalIdAt(constructOf(name)), { name, deaths: 0, left } satisfies Fate as Fate];
    }),
  );
  const stand: Fault = (call, proceed) => {
    const fate = fates.get(call.caller ?? '');
    if (fate === undefined) return proceed();
    fate.left -= 1;
    if (fate.left > 0) return proceed();
    fate.deaths += 1;
    const key = `death ${fate.deaths} ${fate.name}`;
    fate.left = 1 + drawIndex(draw, key, 2 * CALLS_BETWEEN[fate.name]);
    strike('function-killed', fate.name);
    return (draw(`${key} before`) < 0.5 ? killCallerBefore : killCallerAfter)(call, proceed);
  };
  stack.faults.beforeEach(stand);
}

const constructOf = (name: FunctionName): string =>
  `Mayfly/${name.charAt(0).toUpperCase()}${name.slice(1)}/Function`;
