import type { components } from '@octokit/openapi-types';
import { z } from 'zod';
import { covers, installationOf, keepToken } from './accounts.ts';
import { type Answer, answerOf, notFound, refusal } from './answer.ts';
import { grants, reaches } from './callers.ts';
import { drawBytes } from './draw.ts';
import { pageOf } from './pages.ts';
import { repositoryShape } from './repository-shape.ts';
import type { Call, Route } from './routing.ts';
import { iso, nodeId, userShape, webUrl } from './shapes.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

type Schemas = components['schemas'];

/** GitHub's bound on the repositories one token may be narrowed to. */
const TOKEN_REPOSITORIES_MAX = 500;

function getApp({ state }: Call): Answer {
  const { app } = state;
  const epoch = iso(0);
  return answerOf(200, {
    id: app.id,
    slug: app.slug,
    node_id: nodeId('A', app.id),
    client_id: app.clientId,
    owner: userShape(state, { id: app.id, login: app.slug, type: 'Organization' }),
    name: app.slug,
    description: null,
    external_url: webUrl(state),
    html_url: `${webUrl(state)}/apps/${app.slug}`,
    created_at: epoch,
    updated_at: epoch,
    permissions: {},
    events: ['workflow_job'],
    installations_count: state.installations.size,
  } satisfies Schemas['integration']);
}

function installationShape(state: State, installation: T.Installation) {
  const { id, account, suspendedAt } = installation;
  const url = `${state.apiUrl}/app/installations/${id}`;
  return {
    id,
    account: userShape(state, account),
    repository_selection: installation.repositories === null ? 'all' : 'selected',
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${state.apiUrl}/installation/repositories`,
    html_url: `${webUrl(state)}/settings/installations/${id}`,
    app_id: state.app.id,
    client_id: state.app.clientId,
    app_slug: state.app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: installation.permissions,
    events: ['workflow_job'],
    created_at: iso(0),
    updated_at: iso(0),
    single_file_name: null,
    suspended_by: null,
    suspended_at: suspendedAt === null ? null : iso(suspendedAt),
  } satisfies Schemas['installation'];
}

const oneInstallation = (find: (call: Call) => T.Installation | undefined) => (call: Call) => {
  const found = find(call);
  return found === undefined ? notFound() : answerOf(200, installationShape(call.state, found));
};

const byId = ({ state, params }: Call) => state.installations.get(Number(params['installation_id']));

function byLogin({ state }: Call, login: string | undefined): T.Installation | undefined {
  const account = state.accounts.get((login ?? '').toLowerCase());
  return account && installationOf(state, account);
}

function byRepository({ state, params }: Call): T.Installation | undefined {
  const repository = state.repositories.get(`${params['owner']}/${params['repo']}`.toLowerCase());
  const installation = repository && installationOf(state, repository.owner);
  return installation && repository && covers(installation, repository) ? installation : undefined;
}

const listInstallations = (call: Call): Answer => {
  const { items, headers } = pageOf(call, [...call.state.installations.values()]);
  return answerOf(
    200,
    items.map((one) => installationShape(call.state, one)),
    headers,
  );
};

const narrowing = z.nullish(
  z.object({
    repositories: z.optional(z.array(z.string())),
    repository_ids: z.optional(z.array(z.int())),
    permissions: z.optional(z.record(z.string(), z.enum(['read', 'write']))),
  }),
);

function createToken(call: Call): Answer {
  const { state, now } = call;
  const installation = byId(call);
  if (installation === undefined) return notFound();
  if (installation.suspendedAt !== null) return refusal(403, 'This installation has been suspended');
  const asked = narrowing.safeParse(call.body);
  if (!asked.success) return refusal(422, 'Invalid request.');
  const {
    repositories: names,
    repository_ids: ids,
    permissions = installation.permissions,
  } = asked.data ?? {};
  const wanted = Object.entries(permissions);
  if (!wanted.every(([name, level]) => grants(installation.permissions, name, level))) {
    return refusal(422, 'The permissions requested are not granted to this installation.');
  }
  const narrowed = narrowedTo(state, installation, { names, ids });
  if (narrowed === undefined) {
    return refusal(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    );
  }
  const token: T.Token = {
    installation,
    permissions: { ...permissions, metadata: 'read' },
    repositoryIds: narrowed === 'all' ? null : new Set(narrowed.map(({ id }) => id)),
    usableAt: now + state.faults.tokenUnusableMs,
    expiresAt: now + state.limits.tokenLifetimeMs,
  };
  const text = tokenText(state);
  keepToken(state, text, token);
  return answerOf(201, {
    token: text,
    expires_at: iso(token.expiresAt),
    permissions: token.permissions,
    repository_selection: narrowed === 'all' && installation.repositories === null ? 'all' : 'selected',
    ...(narrowed !== 'all' && { repositories: narrowed.map((one) => repositoryShape(state, one)) }),
  } satisfies Schemas['installation-token']);
}

function narrowedTo(
  state: State,
  installation: T.Installation,
  to: { readonly names: readonly string[] | undefined; readonly ids: readonly number[] | undefined },
): readonly T.Repository[] | 'all' | undefined {
  if (to.names === undefined && to.ids === undefined) return 'all';
  const { login } = installation.account;
  const named = (to.names ?? []).map((name) => state.repositories.get(`${login}/${name}`.toLowerCase()));
  const all = [...state.repositories.values()];
  const found = [...named, ...(to.ids ?? []).map((id) => all.find((one) => one.id === id))];
  const known = found.filter((one) => one !== undefined && covers(installation, one));
  const isFine = known.length === found.length && known.length <= TOKEN_REPOSITORIES_MAX;
  return isFine ? known.filter((one) => one !== undefined) : undefined;
}

/** The stateless form of 2026: `ghs_`, the App's id, and a JWT; far longer than the 40 characters of old. */
function tokenText(state: State): string {
  const count = (state.serials.get('token') ?? 0) + 1;
  state.serials.set('token', count);
  const part = (name: string, length: number) =>
    drawBytes(state.draw, `token ${count} ${name}`, length).toString('base64url');
  return `ghs_${state.app.id}_${part('header', 27)}.${part('claims', 120)}.${part('signature', 256)}`;
}

function listReachable(call: Call): Answer {
  const { state, caller } = call;
  if (caller.kind === 'app') return refusal(403, 'You must authenticate with an installation access token.');
  const all = [...state.repositories.values()].filter((one) => reaches(caller.token, one));
  const { items, headers } = pageOf(call, all);
  const repositories: Schemas['repository'][] = items.map((one) => repositoryShape(state, one));
  return answerOf(200, { total_count: all.length, repositories }, headers);
}

const app = { on: 'app' } as const;

export const appRoutes: readonly Route[] = [
  { ...app, method: 'GET', path: '/app', answer: getApp },
  { ...app, method: 'GET', path: '/app/installations', answer: listInstallations },
  { ...app, method: 'GET', path: '/app/installations/{installation_id}', answer: oneInstallation(byId) },
  { ...app, method: 'POST', path: '/app/installations/{installation_id}/access_tokens', answer: createToken },
  {
    ...app,
    method: 'GET',
    path: '/orgs/{org}/installation',
    answer: oneInstallation((call) => byLogin(call, call.params['org'])),
  },
  {
    ...app,
    method: 'GET',
    path: '/users/{username}/installation',
    answer: oneInstallation((call) => byLogin(call, call.params['username'])),
  },
  {
    ...app,
    method: 'GET',
    path: '/repos/{owner}/{repo}/installation',
    answer: oneInstallation(byRepository),
  },
  { on: 'anyone', method: 'GET', path: '/installation/repositories', answer: listReachable },
];
