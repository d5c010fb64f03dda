import type * as T from './types.ts';

/** What a runner gets for a job it acquired. */
export interface JobMessage {
  readonly jobId: string;
  readonly runId: string;
  readonly name: string;
  readonly steps: readonly T.StepSpec[];
  /** The `GITHUB_*` variables that steps and the job-started hook see. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The message of a job, with the context GitHub gives: no numeric job id among the variables. */
export function messageOf(job: T.Job, serverUrl: string): JobMessage {
  const { run } = job;
  const { repository } = run;
  const isPullRequest = run.event.startsWith('pull_request');
  const ref = isPullRequest ? `refs/pull/${run.number}/merge` : `refs/heads/${run.headBranch}`;
  return {
    jobId: String(job.id),
    runId: String(run.id),
    name: job.name,
    steps: job.steps,
    variables: {
      GITHUB_REPOSITORY: repository.fullName,
      GITHUB_REPOSITORY_ID: String(repository.id),
      GITHUB_REPOSITORY_OWNER: repository.owner.login,
      GITHUB_REPOSITORY_OWNER_ID: String(repository.owner.id),
      GITHUB_RUN_ID: String(run.id),
      GITHUB_RUN_NUMBER: String(run.number),
      GITHUB_RUN_ATTEMPT: String(job.attempt),
      GITHUB_JOB: job.name,
      GITHUB_WORKFLOW: run.name,
      GITHUB_WORKFLOW_REF: `${repository.fullName}/${run.path}@${ref}`,
      GITHUB_WORKFLOW_SHA: run.headSha,
      GITHUB_EVENT_NAME: run.event,
      GITHUB_REF: ref,
      GITHUB_SHA: run.headSha,
      GITHUB_HEAD_REF: isPullRequest ? run.headBranch : '',
      GITHUB_BASE_REF: isPullRequest ? repository.defaultBranch : '',
      GITHUB_ACTOR: run.actor.login,
      GITHUB_ACTOR_ID: String(run.actor.id),
      GITHUB_TRIGGERING_ACTOR: run.triggeringActor.login,
      GITHUB_SERVER_URL: serverUrl,
    },
  };
}
