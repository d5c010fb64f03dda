import type { Json } from '../json.ts';
import type { LambdaError } from './messages.ts';

/** Why an invocation has no result. `throttled` and `expired` never reached the handler; `closed` is our shutdown. */
export type InvokeFault =
  | 'function'
  | 'init'
  | 'timeout'
  | 'crash'
  | 'too-large'
  | 'throttled'
  | 'expired'
  | 'closed';

/** What came of one invocation; `ms` is real time on the container. */
export type InvokeOutcome =
  | { readonly ok: true; readonly payload: Json; readonly requestId: string; readonly ms: number }
  | {
      readonly ok: false;
      readonly fault: InvokeFault;
      readonly error: LambdaError;
      readonly requestId: string;
      readonly ms: number;
    };

/** A failure that the platform reports, not the function's code. */
export const platformFailure = (
  fault: InvokeFault,
  requestId: string,
  say: { readonly type: string; readonly message: string; readonly ms?: number },
): InvokeOutcome => ({
  ok: false,
  fault,
  error: { errorType: say.type, errorMessage: `RequestId: ${requestId} Error: ${say.message}`, trace: [] },
  requestId,
  ms: say.ms ?? 0,
});
