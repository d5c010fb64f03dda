import type { components } from '@octokit/openapi-types';
import type { State } from './state.ts';
import type * as T from './types.ts';

type Schemas = components['schemas'];

/** ISO 8601 as GitHub writes it: whole seconds. */
export const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const isoFine = (ms: number): string => new Date(ms).toISOString();

export const nodeId = (kind: string, id: number): string =>
  `${kind}_${Buffer.from(String(id)).toString('base64url')}`;

/** Where people look at what the API shows: the API's own address in the simulation. */
export const webUrl = (state: State): string => state.apiUrl.replace('//api.', '//');

export type UserShape = ReturnType<typeof buildUser>;

export function userShape(state: State, account: T.Account): UserShape {
  const known = state.userShapes.get(account.id);
  if (known !== undefined) return known;
  const shape = buildUser(state, account);
  state.userShapes.set(account.id, shape);
  return shape;
}

function buildUser(state: State, account: T.Account) {
  const url = `${state.apiUrl}/users/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type === 'User' ? 'U' : 'O', account.id),
    avatar_url: `${webUrl(state)}/avatars/${account.id}`,
    gravatar_id: '',
    url,
    html_url: `${webUrl(state)}/${account.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  } satisfies Schemas['simple-user'];
}

/** A job as REST and the webhook both show it; `facts` may be older than the job's own. */
export function jobShape(state: State, job: T.Job, facts: T.JobFacts) {
  const { run } = job;
  const api = `${state.apiUrl}/repos/${run.repository.fullName}`;
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.name,
    head_branch: run.headBranch,
    run_url: `${api}/actions/runs/${run.id}`,
    run_attempt: job.attempt,
    node_id: nodeId('CR', job.id),
    head_sha: run.headSha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${webUrl(state)}/${run.repository.fullName}/actions/runs/${run.id}/job/${job.id}`,
    status: facts.status,
    conclusion: facts.conclusion,
    created_at: iso(job.createdAt),
    started_at: iso(facts.startedAt),
    completed_at: facts.completedAt === null ? null : iso(facts.completedAt),
    name: job.name,
    steps: facts.steps.map(stepShape),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: [...job.labels],
    ...runnerFields(state, job, facts),
  } satisfies Schemas['job'];
}

function stepShape(step: T.StepResult, index: number) {
  return {
    name: step.name,
    status: step.completedAt === null ? ('in_progress' as const) : ('completed' as const),
    conclusion: step.conclusion,
    number: index + 1,
    started_at: isoFine(step.startedAt),
    completed_at: step.completedAt === null ? null : isoFine(step.completedAt),
  };
}

function runnerFields(state: State, job: T.Job, { runner, status }: T.JobFacts) {
  const isZero = status === 'completed' && isStruckByZero(state, job);
  return {
    runner_id: runner?.id ?? (isZero ? 0 : null),
    runner_name: runner?.name ?? (isZero ? '' : null),
    runner_group_id: runner?.groupId ?? (isZero ? 0 : null),
    runner_group_name: runner?.groupName ?? (isZero ? '' : null),
  };
}

const isStruckByZero = (state: State, job: T.Job) =>
  state.faults.runnerFieldsZero > 0 && state.draw(`runner fields ${job.id}`) < state.faults.runnerFieldsZero;

/** A registration as REST shows it; `view` may be older than the runner's own. */
export function runnerShape(runner: T.Runner, view: T.RunnerView) {
  return {
    id: runner.id,
    runner_group_id: runner.group.id,
    name: runner.name,
    os: runner.os,
    status: view.online ? 'online' : 'offline',
    busy: view.busy,
    labels: runner.labels.map((name, index) => ({
      id: runner.id * 1_000 + index,
      name,
      type: 'custom' as const,
    })),
    ephemeral: true,
    version: runner.version,
  } satisfies Schemas['runner'];
}
