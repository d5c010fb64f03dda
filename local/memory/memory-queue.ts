import { type JobEvent, jobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobsQueue } from '../../lambdas/ports/jobs-queue.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import { type TroublePlan, underPlan } from './trouble.ts';

/** The jobs queue in memory: texts, as a real queue holds, so that what does not survive JSON shows at once. */
export interface MemoryQueue extends JobsQueue {
  /** Takes up to `max` messages off, oldest first. Throws if one is not of the agreed form. */
  take(max: number): readonly JobEvent[];
  readonly length: number;
}

export function createMemoryQueue(options: { readonly trouble?: TroublePlan } = {}): MemoryQueue {
  const messages: string[] = [];
  return {
    send: (event) =>
      underPlan(options.trouble, 'queue.send', () => {
        messages.push(JSON.stringify(event));
        return done(undefined);
      }),
    take: (max) => messages.splice(0, max).map((text) => jobEvent.parse(JSON.parse(text))),
    get length() {
      return messages.length;
    },
  };
}
