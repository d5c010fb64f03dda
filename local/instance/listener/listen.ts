import { type Broker, type JobMessage, RUNNER_VERSION } from './broker.ts';
import type { Diag } from './diag.ts';
import { deleteRunnerFiles } from './runner-files.ts';
import { pause, say, sayAt } from './say.ts';
import { work } from './work.ts';

/** Exit codes (actions/runner, Constants.Runner.ReturnCode). */
export const EXIT = { success: 0, terminated: 1, sessionConflict: 5, deprecated: 7 } as const;

export type ListenParts = {
  readonly broker: Broker;
  readonly root: string;
  readonly runnerName: string;
  readonly trackingId: string;
  readonly diag: Diag;
  /** Exit with 7 instead of 1 when GitHub refuses the runner's version. */
  readonly tellsDeprecation: boolean;
  /** Aborted by SIGTERM and SIGINT. */
  readonly shutdown: AbortSignal;
};

/** BrokerMessageListener: tries again every 30 s, a conflict for 4 min, anything else until it is shut down. */
const SESSION_RETRY_MS = 30_000;
const SESSION_CONFLICT_MAX_MS = 240_000;
/** Also a bound on what "until it is shut down" means here: no lifetime is longer than five days. */
const SESSION_TRIES_MAX = (5 * 86_400_000) / SESSION_RETRY_MS;
/** ErrorThrottler after an acquire that was refused: 1 s doubling to 60 s. */
const ACQUIRE_BACKOFF_FIRST_MS = 1_000;
const ACQUIRE_BACKOFF_MAX_MS = 60_000;
/** GetNextMessageAsync waits 15 to 30 s after an error; the middle, as nothing here has to be spread. */
const MESSAGE_RETRY_MS = 20_000;

/** A configured Listener's life with `run`. Returns its exit code. */
export async function listen(parts: ListenParts): Promise<number> {
  const code = await connect(parts);
  if (code !== undefined) return code;
  say(`Current runner version: '${RUNNER_VERSION}'`);
  sayAt('Listening for Jobs');
  try {
    const job = await waitForJob(parts);
    if (job === undefined) return EXIT.success;
    await work(parts, job);
    // Only after a job: a runner that was merely shut down keeps its files (Runner.cs, runOnceJobCompleted).
    if (!parts.shutdown.aborted) await deleteRunnerFiles(parts.root);
    return EXIT.success;
  } finally {
    await parts.broker.closeSession();
  }
}

/** Undefined once there is a session. */
async function connect(parts: ListenParts): Promise<number | undefined> {
  const { broker, diag, shutdown } = parts;
  let conflictMs = 0;
  for (let tries = 0; tries < SESSION_TRIES_MAX && !shutdown.aborted; tries += 1) {
    // As the real one, before it asks for the session: only "Listening for Jobs" means that it has one.
    say('\n√ Connected to GitHub\n');
    const session = await broker.openSession();
    diag.write(`Create session: ${session}`);
    if (session === 'open') return undefined;
    if (session === 'gone') {
      process.stderr.write(
        'Failed to create a session. The runner registration has been deleted from the server.\n',
      );
      return EXIT.terminated;
    }
    if (session === 'deprecated') {
      process.stderr.write('An error occurred: Runner version is deprecated and cannot receive messages.\n');
      return parts.tellsDeprecation ? EXIT.deprecated : EXIT.terminated;
    }
    if (session === 'conflict') {
      if (conflictMs >= SESSION_CONFLICT_MAX_MS) return EXIT.sessionConflict;
      conflictMs += SESSION_RETRY_MS;
    }
    await pause(SESSION_RETRY_MS, shutdown);
  }
  return EXIT.success;
}

/** Undefined when listening ended without a job: it was shut down, or the registration is gone. */
async function waitForJob({ broker, diag, shutdown }: ListenParts): Promise<JobMessage | undefined> {
  let backoffMs = ACQUIRE_BACKOFF_FIRST_MS;
  while (!shutdown.aborted) {
    const message = await broker.nextMessage(shutdown);
    if (message.kind === 'gone') return undefined;
    if (message.kind === 'failed') await pause(MESSAGE_RETRY_MS, shutdown);
    if (message.kind !== 'job') continue;
    const job = await broker.acquire(message.jobId);
    if (job !== undefined) return job;
    diag.write('Skipping message Job.');
    await pause(backoffMs, shutdown);
    backoffMs = Math.min(backoffMs * 2, ACQUIRE_BACKOFF_MAX_MS);
  }
  return undefined;
}
