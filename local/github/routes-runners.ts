import type { components } from '@octokit/openapi-types';
import { z } from 'zod';
import { repositoryGroup } from './accounts.ts';
import { type Answer, answerOf, notFound, refusal } from './answer.ts';
import { encodeJitConfig } from './jit.ts';
import { cancelJob } from './jobs.ts';
import { pageOf } from './pages.ts';
import { chargeRegistration } from './rate.ts';
import type { Route, ScopeCall } from './routing.ts';
import { registerRunner, removeRunner, runnerNamed, runnersOf } from './runners.ts';
import { runnerShape } from './shapes.ts';
import { recent } from './stale.ts';
import { type State, strikes } from './state.ts';
import type * as T from './types.ts';

type Schemas = components['schemas'];

const wishFile = z.object({
  name: z.string(),
  runner_group_id: z.int(),
  labels: z.array(z.string()),
  work_folder: z.optional(z.string()),
});

/** Sources disagree on the bucket, so it is the model's option. */
function jitBuckets({ jitResource }: State) {
  return jitResource === 'both' ? (['core', 'actions_runner_registration'] as const) : [jitResource];
}

function generateJitConfig(call: ScopeCall): Answer {
  const { state, scope, now } = call;
  const wish = wishFile.safeParse(call.body);
  if (!wish.success)
    return invalid(wish.error.issues.map(({ path }) => `"${String(path[0])}" wasn't supplied or is wrong.`));
  const { name, labels, runner_group_id: groupId, work_folder: workFolder = '_work' } = wish.data;
  const problems = [...nameProblems(state, name), ...labelProblems(state, labels)];
  if (problems.length > 0) return invalid(problems);
  const group = groupOf(state, scope, groupId);
  if (group === undefined) return notFound();
  if (group.hosted) return refusal(403, 'Runners cannot be added to a group of GitHub-hosted runners.');
  const mustWait = chargeRegistration(state, scope, now);
  if (mustWait !== undefined) return mustWait;
  if (runnerNamed(state, scope, name) !== undefined) {
    return refusal(409, `Already exists - A runner with the name ${name} already exists.`);
  }
  const runner = registerRunner(state, { scope, group, name, labels: unique(labels) }, now);
  return answerOf(201, {
    runner: runnerShape(runner, runner.view),
    encoded_jit_config: encodeJitConfig(runner, { baseUrl: call.baseUrl, workFolder }),
  } satisfies components['responses']['actions_runner_jitconfig']['content']['application/json']);
}

const invalid = (problems: readonly string[]) => refusal(422, `Invalid request.\n\n${problems.join('\n')}`);

const nameProblems = ({ limits }: State, name: string): readonly string[] =>
  name === '' || name.length > limits.nameLengthMax
    ? [`"name" must have 1 to ${limits.nameLengthMax} characters.`]
    : [];

function labelProblems({ limits }: State, labels: readonly string[]): readonly string[] {
  const isCountWrong = labels.length === 0 || labels.length > limits.labelsMax;
  const isTextWrong = labels.some((label) => label.trim() === '' || label.length > limits.labelLengthMax);
  return [
    ...(isCountWrong ? [`"labels" must have 1 to ${limits.labelsMax} items.`] : []),
    ...(isTextWrong ? [`Each of "labels" must have 1 to ${limits.labelLengthMax} characters.`] : []),
  ];
}

function unique(labels: readonly string[]): readonly string[] {
  const firsts = new Map<string, string>();
  for (const label of labels) if (!firsts.has(label.toLowerCase())) firsts.set(label.toLowerCase(), label);
  return [...firsts.values()];
}

function groupOf(state: State, scope: T.Scope, groupId: number): T.RunnerGroup | undefined {
  if (scope.kind === 'repository') return groupId === 1 ? repositoryGroup : undefined;
  return state.groups.get(scope.organization.id)?.get(groupId);
}

function listRunners(call: ScopeCall): Answer {
  const { state, scope } = call;
  const name = call.query.get('name');
  const named = name === null ? undefined : runnerNamed(state, scope, name);
  const all = name === null ? [...runnersOf(state, scope).values()] : named === undefined ? [] : [named];
  const { items, headers } = pageOf(call, all);
  const runners: Schemas['runner'][] = items.map((runner) => seenRunner(call, runner));
  return answerOf(200, { total_count: all.length, runners }, headers);
}

function seenRunner({ state, now }: ScopeCall, runner: T.Runner): Schemas['runner'] {
  return runnerShape(
    runner,
    recent(state, { key: `runner ${runner.id}`, of: runner, current: runner.view }, now),
  );
}

const askedRunner = ({ state, scope, params }: ScopeCall) =>
  runnersOf(state, scope).get(Number(params['runner_id']));

function getRunner(call: ScopeCall): Answer {
  const runner = askedRunner(call);
  return runner === undefined ? notFound() : answerOf(200, seenRunner(call, runner));
}

/** The server knows for sure whether a job runs: its refusal is the gate, not what a list shows. */
function deleteRunner(call: ScopeCall): Answer {
  const { state, now } = call;
  const runner = askedRunner(call);
  if (runner === undefined) return notFound();
  const { job } = runner;
  if (runner.state === 'busy') {
    return refusal(422, `Runner "${runner.name}" is still running a job and cannot be deleted.`);
  }
  const isCancelled = job !== null && strikes(state, state.faults.deleteCancels, `delete cancels ${job.id}`);
  if (isCancelled) cancelJob(state, { job, force: false }, now);
  removeRunner(state, runner, { by: 'delete', now });
  return answerOf(204);
}

function listGroups(call: ScopeCall): Answer {
  const { state, scope } = call;
  if (scope.kind !== 'organization') return notFound();
  const groups = [...(state.groups.get(scope.organization.id)?.values() ?? [])];
  const { items, headers } = pageOf(call, groups);
  const url = `${call.baseUrl}${call.path}`;
  const shown = items.map(
    (group) =>
      ({
        id: group.id,
        name: group.name,
        visibility: group.visibility,
        default: group.id === 1,
        runners_url: `${url}/${group.id}/runners`,
        inherited: false,
        allows_public_repositories: group.allowsPublic,
        restricted_to_workflows: false,
        selected_workflows: [],
        workflow_restrictions_read_only: false,
      }) satisfies Schemas['runner-groups-org'],
  );
  return answerOf(200, { total_count: groups.length, runner_groups: shown }, headers);
}

const organization = { on: 'organization', permission: 'organization_self_hosted_runners' } as const;
const repository = { on: 'repository', permission: 'administration' } as const;

/** The same five calls for each of the two places where runners register. */
const onScope = (guard: typeof organization | typeof repository, root: string): readonly Route[] => [
  { ...guard, level: 'read', method: 'GET', path: root, answer: listRunners },
  { ...guard, level: 'read', method: 'GET', path: `${root}/{runner_id}`, answer: getRunner },
  { ...guard, level: 'write', method: 'DELETE', path: `${root}/{runner_id}`, answer: deleteRunner },
  {
    ...guard,
    level: 'write',
    method: 'POST',
    path: `${root}/generate-jitconfig`,
    buckets: jitBuckets,
    answer: generateJitConfig,
  },
];

export const runnerRoutes: readonly Route[] = [
  ...onScope(organization, '/orgs/{org}/actions/runners'),
  ...onScope(repository, '/repos/{owner}/{repo}/actions/runners'),
  {
    ...organization,
    level: 'read',
    method: 'GET',
    path: '/orgs/{org}/actions/runner-groups',
    answer: listGroups,
  },
];
