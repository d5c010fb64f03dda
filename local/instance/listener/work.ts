import type { Broker, JobMessage } from './broker.ts';
import { openDiag } from './diag.ts';
import type { ListenParts } from './listen.ts';
import { pause, sayAt } from './say.ts';
import { type Conclusion, runSteps } from './steps.ts';

/** JobDispatcher renews the job's lease every minute. */
const RENEW_MS = 60_000;
/** After a poll that came to nothing, as the Listener without a job does. */
const MESSAGE_RETRY_MS = 20_000;

const RESULT: Record<Conclusion, string> = { success: 'Succeeded', failure: 'Failed', cancelled: 'Canceled' };

/** The Worker's part, in this same process: its log is what the agent looks for. */
export async function work(parts: ListenParts, job: JobMessage): Promise<void> {
  const { broker, root, shutdown, trackingId } = parts;
  sayAt(`Running job: ${job.name}`);
  // No Worker is started for a job whose lease could not be renewed once (JobDispatcher.cs).
  if ((await broker.renew(job.jobId)) !== 'kept') return;
  const diag = openDiag(root, 'Worker', Date.now());
  diag.write(`Job ${job.jobId} of ${job.steps.length} steps on ${parts.runnerName}`);
  const halt = new AbortController();
  const onShutdown = () => {
    diag.write('The runner has received a shutdown signal.');
    halt.abort('shutdown');
  };
  shutdown.addEventListener('abort', onShutdown, { once: true });
  if (shutdown.aborted) onShutdown();
  const over = new AbortController();
  const attendance = [keepLease(broker, job, { halt, over }), watchForCancel(broker, { halt, over })];
  try {
    const env = environmentOf(parts, job);
    const end = await runSteps(withHook(job.steps), { root, trackingId, diag, halt: halt.signal, env });
    diag.write(`Job result after all job steps finish: ${end.conclusion}`);
    await broker.complete(job.jobId, end.conclusion, end.steps);
    sayAt(`Job ${job.name} completed with result: ${RESULT[end.conclusion]}`);
  } finally {
    over.abort();
    shutdown.removeEventListener('abort', onShutdown);
    await Promise.all(attendance);
  }
}

/** The job-started hook is the first step of a job (JobExtension.cs, "Set up runner"): failed, it skips the others. */
function withHook(steps: JobMessage['steps']): JobMessage['steps'] {
  const hook = process.env['ACTIONS_RUNNER_HOOK_JOB_STARTED'];
  return hook === undefined ? steps : [{ name: 'Set up runner', run: `exec bash '${hook}'` }, ...steps];
}

/** `over`: the job has ended. `halt`: it must. */
type Course = { readonly halt: AbortController; readonly over: AbortController };

/** A lease that GitHub says is lost abandons the job. */
async function keepLease(broker: Broker, job: JobMessage, { halt, over }: Course): Promise<void> {
  while (!over.signal.aborted) {
    await pause(RENEW_MS, over.signal);
    if (over.signal.aborted) return;
    if ((await broker.renew(job.jobId)) === 'lost') return halt.abort('cancel');
  }
}

/** The real Listener goes on polling while its Worker works: cancellations come that way. */
async function watchForCancel(broker: Broker, { halt, over }: Course): Promise<void> {
  while (!over.signal.aborted) {
    const message = await broker.nextMessage(over.signal);
    if (message.kind === 'cancel') halt.abort('cancel');
    // After either there is nothing left to hear: one job, one cancellation.
    if (message.kind === 'cancel' || message.kind === 'gone') return;
    if (message.kind === 'failed') await pause(MESSAGE_RETRY_MS, over.signal);
  }
}

/** What a step sees: a minimum of the real one's variables, and nothing of this process. */
function environmentOf({ root, runnerName }: ListenParts, job: JobMessage): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: root,
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: `${root}/_work/checkout`,
    RUNNER_TEMP: `${root}/_work/_temp`,
    RUNNER_NAME: runnerName,
    RUNNER_OS: 'Linux',
    ...job.variables,
  };
}
