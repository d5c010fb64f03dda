import type { AwsAnswer } from './answer.ts';
import type { Route } from './route.ts';

/** One call on its way through the front door. */
export type Call = Route & {
  /** Logical id of the function that makes the call; undefined for anyone else. */
  readonly caller: string | undefined;
  /** Ends the container that made the call, at once, as a Lambda that dies between two side effects. */
  killCaller(): void;
};

/** `drop` closes the connection without an answer: for the caller it is unknown whether the call happened. */
export type FaultOutcome = AwsAnswer | 'drop';

/** Stands between caller and service: may answer itself, or let the call happen and change what comes of it. */
export type Fault = (call: Call, proceed: () => Promise<AwsAnswer>) => Promise<FaultOutcome>;

export type FaultOptions = {
  /** How many matching calls are hit; 1 unless told. */
  readonly times?: number;
  /** Only calls for which this holds are hit (by parameters, by caller). */
  readonly when?: (call: Call) => boolean;
};

/** The faults of a running stack, first in first hit. */
export type Faults = {
  /** Puts a fault before the next calls of one action. */
  before(api: string, action: string, fault: Fault, options?: FaultOptions): void;
  /** Stands before every call that no planted fault is for: it lets most of them proceed. One at a time. */
  beforeEach(fault: Fault): void;
  /** How many planted faults have not been hit yet: a chaos test asserts 0 at its end. */
  left(): number;
  /** The fault for this call, which is thereby used up. */
  take(call: Call): Fault | undefined;
};

/** An empty set of faults. */
export function createFaults(): Faults {
  type Planted = {
    api: string;
    action: string;
    fault: Fault;
    left: number;
    when: (call: Call) => boolean;
  };
  const planted: Planted[] = [];
  let standing: Fault | undefined;
  return {
    before: (api, action, fault, { times = 1, when = () => true } = {}) => {
      planted.push({ api, action, fault, left: times, when });
    },
    beforeEach: (fault) => {
      standing = fault;
    },
    left: () => planted.reduce((sum, one) => sum + one.left, 0),
    take: (call) => {
      const hit = planted.find(
        (one) => one.left > 0 && one.api === call.api && one.action === call.action && one.when(call),
      );
      if (hit === undefined) return standing;
      hit.left -= 1;
      return hit.fault;
    },
  };
}

/** The call happens, its answer is lost. */
export const dropAnswer: Fault = async (_call, proceed) => {
  await proceed();
  return 'drop';
};

/** The call happens, and the container that made it dies before it hears of it. */
export const killCallerAfter: Fault = async (call, proceed) => {
  await proceed();
  call.killCaller();
  return 'drop';
};

/** The container dies before the call reaches the service. */
export const killCallerBefore: Fault = async (call) => {
  call.killCaller();
  return 'drop';
};

/** The call does not happen; the service answers with this. */
export const answerWith =
  (answer: AwsAnswer): Fault =>
  async () =>
    answer;
