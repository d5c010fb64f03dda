import { instanceOfRunnerName } from '../../lambdas/core/job.ts';
import { UsageError } from './usage.ts';

/** What a person points at. */
export type Asked =
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'runner'; readonly instanceId: string };

/** Pages of github.com or a server of one's own, as they stand in a browser's address line. */
const JOB_URL =
  /^https?:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+\/actions\/runs\/[0-9]{1,20}\/job\/([0-9]{1,20})(?:[/?#]|$)/;
const RUN_URL = /^https?:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+\/actions\/runs\/([0-9]{1,20})(?:[/?#]|$)/;
const JOB_ID = /^[0-9]{1,20}$/;
const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;

/** Throws a UsageError that names what can be asked about. */
export function readSubject(text: string): Asked {
  const jobId = JOB_URL.exec(text)?.[1] ?? (JOB_ID.test(text) ? text : undefined);
  if (jobId !== undefined) return { kind: 'job', jobId };
  const runId = RUN_URL.exec(text)?.[1];
  if (runId !== undefined) return { kind: 'run', runId };
  const instanceId = INSTANCE_ID.test(text) ? text : (instanceOfRunnerName(text) ?? undefined);
  if (instanceId !== undefined) return { kind: 'runner', instanceId };
  throw new UsageError(
    `want the URL of a job or run, a job id, a runner's name or an instance id, got "${text.slice(0, 100)}".`,
  );
}
