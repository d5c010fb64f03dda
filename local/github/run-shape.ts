import type { components } from '@octokit/openapi-types';
import { repositoryShape } from './repository-shape.ts';
import { conclusionOf, statusOf } from './runs.ts';
import { iso, nodeId, userShape, webUrl } from './shapes.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

type RunSchema = components['schemas']['workflow-run'];

/** A run as REST shows it. The specification wants a head repository; a deleted fork is null all the same. */
export function runShape(state: State, run: T.Run) {
  const { repository, headRepository, attempt } = run;
  const api = `${state.apiUrl}/repos/${repository.fullName}`;
  const url = `${api}/actions/runs/${run.id}`;
  const workflowId = state.workflowIds.get(`${repository.id} ${run.path}`) ?? 0;
  const shape = {
    id: run.id,
    name: run.name,
    node_id: nodeId('WFR', run.id),
    check_suite_id: run.id + 1,
    check_suite_node_id: nodeId('CS', run.id + 1),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.path,
    display_title: run.name,
    run_number: run.number,
    event: run.event,
    status: statusOf(run),
    conclusion: conclusionOf(run),
    workflow_id: workflowId,
    url,
    html_url: `${webUrl(state)}/${repository.fullName}/actions/runs/${run.id}`,
    // Matching open pull requests only, and empty for those of forks: proof of nothing.
    pull_requests: [],
    created_at: iso(run.createdAt),
    updated_at: iso(run.updatedAt),
    actor: userShape(state, run.actor),
    run_attempt: attempt,
    referenced_workflows: [],
    run_started_at: iso(run.startedAt),
    triggering_actor: userShape(state, run.triggeringActor),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${api}/check-suites/${run.id + 1}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: attempt > 1 ? `${url}/attempts/${attempt - 1}` : null,
    workflow_url: `${api}/actions/workflows/${workflowId}`,
    head_commit: commitOf(run),
    repository: repositoryShape(state, repository),
  } satisfies Omit<RunSchema, 'head_repository'>;
  const head: RunSchema['head_repository'] | null =
    headRepository === null ? null : repositoryShape(state, headRepository);
  return { ...shape, head_repository: head };
}

function commitOf({ headSha, actor, createdAt, name }: T.Run): RunSchema['head_commit'] {
  const author = { name: actor.login, email: `${actor.login}@users.noreply.github.com` };
  return {
    id: headSha,
    tree_id: headSha,
    message: name,
    timestamp: iso(createdAt),
    author,
    committer: author,
  };
}
