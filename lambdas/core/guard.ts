import type { FactsDocument, GatheredFacts, RunFacts } from '../contracts/facts.ts';
import type { GuardRequest } from '../contracts/guard.ts';
import type { JobItem, RunItem, RunnerItem } from '../contracts/ledger.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool } from '../contracts/settings.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';
import { factsNeeded } from './admission/decide.ts';
import { pathOf } from './admission/run-rules.ts';
import { workflowSourceOf } from './admission/source.ts';

/** Whether a job that is about to start is one that was admitted: decisions only. The hook knows no numeric job id. */

/** Where the decision stands after a look at the ledger. */
export type Ground =
  /** An admitted job of this run and pool: nothing more to ask. */
  | { readonly do: 'trust' }
  /** Judged on its own facts; `job` is the one that GitHub bound to the runner, once that is known. */
  | { readonly do: 'ask'; readonly job: JobItem | undefined }
  | { readonly do: 'deny'; readonly reason: Reason; readonly says: string }
  /** Which job of the run it is cannot be told yet: the webhook that says so is on its way. */
  | { readonly do: 'wait'; readonly says: string };

interface Known {
  readonly run: RunItem | undefined;
  /** The job that GitHub said runs here, by its webhook. */
  readonly job: JobItem | undefined;
  readonly pool: Pool;
}

export function groundOf(asked: GuardRequest, { run, job, pool }: Known): Ground {
  const isOfRun = job !== undefined && job.runId === asked.runId && job.runAttempt === asked.runAttempt;
  // An older binding of the same runner cannot be: it serves one job. A webhook of another run is somebody's lie or ours.
  if (job !== undefined && !isOfRun)
    return {
      do: 'deny',
      reason: 'guard-mismatch',
      says: `GitHub bound job ${job.jobId} of another run to this runner`,
    };
  const facts = run?.facts;
  if (facts && facts.repositoryId !== asked.repositoryId)
    return { do: 'deny', reason: 'guard-mismatch', says: 'the run belongs to another repository' };
  if (job !== undefined) {
    if (job.outcome === 'denied')
      return {
        do: 'deny',
        reason: job.intent.reason,
        says: 'the job was denied before; GitHub gave it to this runner all the same',
      };
    return job.at.admitted !== null && job.pool === pool.name && isSettled(facts, pool)
      ? { do: 'trust' }
      : { do: 'ask', job };
  }
  const isAdmitted = run?.admitted?.includes(pool.name) === true;
  const isRefused = run?.refused?.includes(pool.name) === true;
  // The run has jobs of both kinds for this pool: only the webhook tells which of them this is.
  if (isRefused)
    return { do: 'wait', says: 'a job of this run was denied, and which one started here is not known yet' };
  return isAdmitted && isSettled(facts, pool) ? { do: 'trust' } : { do: 'ask', job: undefined };
}

/** Before the launch the workflow file of a merge commit could not be had: rules over it are judged again, now exactly. */
function isSettled(facts: RunFacts | null | undefined, pool: Pool): boolean {
  if (!factsNeeded(pool).has('workflow')) return true;
  return facts !== null && facts !== undefined && workflowSourceOf(facts).isExact;
}

/** What the hook says against what GitHub says of the run; undefined when they agree. */
export function disagreement(asked: GuardRequest, run: RunFacts): string | undefined {
  const { repositoryId, event } = run;
  if (repositoryId !== asked.repositoryId) return 'the run belongs to another repository';
  if (run.runAttempt < asked.runAttempt) return undefined;
  if (event !== asked.event) return `GitHub says the event is ${event}, the runner says ${asked.event}`;
  const path = asked.workflowRef.split('@')[0] ?? '';
  const wanted = `${run.repository?.fullName ?? asked.repository}/${pathOf(run)}`;
  // Names compare without case, as GitHub's do; a required workflow may stand in another repository.
  const isSame = path.toLowerCase() === wanted.toLowerCase();
  return isSame
    ? undefined
    : `GitHub says the workflow is ${pathOf(run)}, the runner says ${asked.workflowRef}`;
}

/** The facts document of what started, as far as it is known without its webhook. Undefined: whose it is is not known. */
export function claimedFacts(
  known: {
    readonly run: RunFacts;
    readonly job: JobItem | undefined;
    readonly pool: Pool;
    readonly runner: RunnerItem;
    readonly at: number;
  },
  gathered: GatheredFacts,
): FactsDocument | undefined {
  const { run, job, pool, runner, at } = known;
  const repository = run.repository ?? job?.repository;
  if (repository === undefined) return undefined;
  const environment = job?.environment;
  return {
    ...{
      v: SCHEMA_VERSION,
      at,
      jobId: job?.jobId ?? run.runId,
      labels: [...runner.target.labels],
      pool: pool.name,
    },
    ...{ repository, run, ...gathered },
    ...(environment === undefined ? {} : { environment }),
  };
}
