/**
 * Memory and time of each function. Lambda gives CPU by memory: below 512 MB the first call of a Node function takes
 * several times as long (aws.md §4.3), and dispatch and sweep also load and call the EC2 client, the largest of all.
 */
export const FUNCTION_SIZES = {
  /** GitHub waits 10 s for the answer. */
  webhook: { memoryMiB: 512, timeoutSeconds: 10 },
  /** A sixth of the jobs queue's visibility timeout. */
  dispatch: { memoryMiB: 1024, timeoutSeconds: 15 },
  /** Shorter than the lease on a claim and than the agent's own time-out. */
  claim: { memoryMiB: 512, timeoutSeconds: 20 },
  /** A job waits for it; the agent asks again after 10 s without an answer. */
  guard: { memoryMiB: 512, timeoutSeconds: 10 },
  report: { memoryMiB: 512, timeoutSeconds: 10 },
  /** A sixth of the instances queue's visibility timeout. */
  observe: { memoryMiB: 512, timeoutSeconds: 15 },
  /** Done before the next one is due. */
  sweep: { memoryMiB: 1024, timeoutSeconds: 55 },
  /** Terminating takes EC2 minutes; Lambda allows 15. */
  teardown: { memoryMiB: 512, timeoutSeconds: 600 },
} as const;

export type FunctionName = keyof typeof FUNCTION_SIZES;
