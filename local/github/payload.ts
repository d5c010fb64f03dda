import { createRequire } from 'node:module';
import type { components } from '@octokit/openapi-types';
import { installationOf } from './accounts.ts';
import { repositoryShape } from './repository-shape.ts';
import { iso, jobShape, nodeId, userShape } from './shapes.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

type Schemas = components['schemas'];
type Queued = Schemas['webhook-workflow-job-queued'];
export type HookAction = 'queued' | 'waiting' | 'in_progress' | 'completed';

/** A body of the `workflow_job` event. `workflow_job` is null only when the malformed fault struck. */
export type HookPayload = Omit<Queued, 'action' | 'workflow_job'> & {
  readonly action: HookAction;
  readonly workflow_job: Queued['workflow_job'] | null;
};

/** One event of one job as it stood then. */
export interface HookEvent {
  readonly job: T.Job;
  readonly action: HookAction;
  readonly facts: T.JobFacts;
}

/** GitHub's own example payloads: the fields that ours do not set keep the example's value. */
const examples: readonly {
  readonly name: string;
  readonly examples: readonly Partial<HookPayload>[];
}[] = createRequire(import.meta.url)('@octokit/webhooks-examples');

const jobExamples = examples.find(({ name }) => name === 'workflow_job')?.examples ?? [];
const withDeployment = jobExamples.find((example) => example.deployment !== undefined);
const withOrganization = jobExamples.find((example) => example.organization !== undefined);

/** The body GitHub would post for this event. */
export function payloadOf(state: State, { job, action, facts }: HookEvent): HookPayload {
  const { repository, triggeringActor } = job.run;
  const installation = installationOf(state, repository.owner);
  return {
    action,
    workflow_job: jobShape(state, job, facts) satisfies Queued['workflow_job'],
    ...(job.environment !== null && { deployment: deploymentOf(state, job) }),
    repository: { ...withDeployment?.repository, ...repositoryShape(state, repository) },
    ...(repository.owner.type === 'Organization' && {
      organization: organizationOf(state, repository.owner),
    }),
    sender: userShape(state, triggeringActor),
    ...(installation && {
      installation: { id: installation.id, node_id: nodeId('MDIz', installation.id) },
    }),
  };
}

function organizationOf(state: State, { id, login }: T.Account): NonNullable<Queued['organization']> {
  const url = `${state.apiUrl}/orgs/${login}`;
  return {
    ...withOrganization?.organization,
    login,
    id,
    node_id: nodeId('O', id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${url}/avatar`,
    description: login,
  };
}

function deploymentOf(state: State, job: T.Job): NonNullable<Queued['deployment']> {
  const { run } = job;
  const repositoryUrl = `${state.apiUrl}/repos/${run.repository.fullName}`;
  const url = `${repositoryUrl}/deployments/${job.id}`;
  const environment = job.environment ?? '';
  return {
    ...withDeployment?.deployment,
    url,
    id: job.id,
    node_id: nodeId('DE', job.id),
    task: 'deploy',
    original_environment: environment,
    environment,
    description: null,
    created_at: iso(job.createdAt),
    updated_at: iso(job.createdAt),
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl,
    creator: userShape(state, run.actor),
    sha: run.headSha,
    ref: run.headBranch,
    payload: {},
  };
}
