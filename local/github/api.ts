import { createHash } from 'node:crypto';
import { type Answer, answerOf, jsonText, notFound, refusal } from './answer.ts';
import {
  type Caller,
  callerNamed,
  callerOf,
  grants,
  type NamedCaller,
  quotaKeyOf,
  reaches,
} from './callers.ts';
import { type Cost, charge, rateHeaders, refund, standingOf } from './rate.ts';
import { repositoryShape } from './repository-shape.ts';
import { appRoutes } from './routes-app.ts';
import { contentRoutes } from './routes-content.ts';
import { deliveryRoutes } from './routes-deliveries.ts';
import { runnerRoutes } from './routes-runners.ts';
import { runRoutes } from './routes-runs.ts';
import { type Call, createRouter, type RepositoryCall, type Route, type ScopeCall } from './routing.ts';
import { organizationScope, repositoryScope } from './runners.ts';
import { type State, strikes } from './state.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path and query, encoded as in an HTTP request. */
  readonly path: string;
  /** Lower-case names; `authorization` and `if-none-match` are read. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** In memory, in place of the authorization header. */
  readonly caller?: NamedCaller;
  /** The parsed JSON body. */
  readonly body?: unknown;
  /** The address the caller used; left out: the model's own. */
  readonly baseUrl?: string;
}

const getRepository = (call: RepositoryCall): Answer =>
  answerOf(200, repositoryShape(call.state, call.repository));

function getRateLimit({ state, caller, now }: Call): Answer {
  const key = quotaKeyOf(caller);
  const core = standingOf(state, { caller: key, bucket: 'core' }, now);
  const registration = standingOf(state, { caller: key, bucket: 'actions_runner_registration' }, now);
  const resources = { core, search: core, actions_runner_registration: registration };
  return answerOf(200, { resources, rate: core });
}

const find = createRouter([
  ...appRoutes,
  ...deliveryRoutes,
  ...runnerRoutes,
  ...runRoutes,
  ...contentRoutes,
  {
    on: 'repository',
    permission: 'metadata',
    level: 'read',
    method: 'GET',
    path: '/repos/{owner}/{repo}',
    answer: getRepository,
  },
  { on: 'anyone', method: 'GET', path: '/rate_limit', buckets: () => [], answer: getRateLimit },
]);

/** A REST call, from the route to the headers of its answer. Every call is counted under its route. */
export function answerTo(state: State, request: ApiRequest, now: number): Answer {
  const [path = '', queryText = ''] = request.path.split('?', 2);
  const match = find(request.method, path);
  const name = match === undefined ? 'unknown' : `${match.route.method} ${match.route.path}`;
  const count = (state.calls.get(name) ?? 0) + 1;
  state.calls.set(name, count);
  if (match === undefined) return notFound();
  if (strikes(state, state.faults.serverError, `502 ${name}#${count}`)) return refusal(502, 'Server Error');
  const known = request.caller
    ? callerNamed(state, request.caller)
    : callerOf(state, request.headers?.['authorization'], now);
  if ('refused' in known) return known.refused;
  const call: Call = {
    state,
    now,
    caller: known.caller,
    params: match.params,
    query: new URLSearchParams(queryText),
    body: request.body,
    baseUrl: request.baseUrl ?? state.apiUrl,
    path,
  };
  const answer = chargedAnswer(call, match.route, request.headers?.['if-none-match']);
  return strikes(state, state.faults.answerLost, `lost ${name}#${count}`)
    ? refusal(502, 'Server Error')
    : answer;
}

function chargedAnswer(call: Call, route: Route, etagKnown: string | undefined): Answer {
  const { state, now, caller } = call;
  const cost: Cost = {
    caller: quotaKeyOf(caller),
    buckets: route.buckets?.(state) ?? ['core'],
    points: route.method === 'GET' ? 1 : 5,
  };
  const mustWait = charge(state, cost, now);
  if (mustWait !== undefined) return mustWait;
  const answer = checkedAnswer(call, route);
  const isUnchanged = etagKnown !== undefined && answer.status === 200 && etagKnown === etagOf(answer);
  if (isUnchanged) refund(state, cost, now);
  // Where two buckets are drawn from, GitHub's answer names the one of the route.
  const bucket = cost.buckets.at(-1) ?? 'core';
  const rate = rateHeaders(standingOf(state, { caller: cost.caller, bucket }, now), bucket);
  if (isUnchanged) return answerOf(304, undefined, { etag: etagKnown, ...rate });
  return { ...answer, headers: { ...rate, ...answer.headers } };
}

/** What If-None-Match compares: the same bytes have the same tag. */
export const etagOf = (answer: Answer): string =>
  `W/"${createHash('sha256').update(jsonText(answer.body)).digest('hex')}"`;

const forbidden = (headers: Answer['headers'] = {}) =>
  refusal(403, 'Resource not accessible by integration', headers);

/** Answers if the caller may: the App itself, or a token with the permission that reaches the repository or owner. */
function checkedAnswer(call: Call, route: Route): Answer {
  const { caller } = call;
  if (route.on === 'anyone') return route.answer(call);
  if (route.on === 'app') return caller.kind === 'app' ? route.answer(call) : forbidden();
  if (caller.kind === 'app') return forbidden();
  if (route.on === 'organization') {
    const on = organizationCallOf(call, caller);
    if (on === undefined) return notFound();
    return may(caller, route) ? route.answer(on) : forbidden(accepted(route));
  }
  const on = repositoryCallOf(call);
  if (on === undefined) return notFound();
  const { repository } = on;
  const isPublicRead =
    repository.visibility === 'public' && route.level === 'read' && route.permission !== 'administration';
  if (isPublicRead) return route.answer(on);
  if (!reaches(caller.token, repository)) {
    return repository.visibility === 'public' ? forbidden() : notFound();
  }
  return may(caller, route) ? route.answer(on) : forbidden(accepted(route));
}

type InstallationCaller = Extract<Caller, { kind: 'installation' }>;
type Guarded = Extract<Route, { readonly permission: string }>;

const may = ({ token }: InstallationCaller, { permission, level }: Guarded): boolean =>
  grants(token.permissions, permission, level);

const accepted = ({ permission, level }: Guarded) => ({
  'x-accepted-github-permissions': `${permission}=${level}`,
});

function organizationCallOf(call: Call, { token }: InstallationCaller): ScopeCall | undefined {
  const account = call.state.accounts.get((call.params['org'] ?? '').toLowerCase());
  if (account?.type !== 'Organization' || token.installation.account.id !== account.id) return undefined;
  return { ...call, scope: organizationScope(account) };
}

function repositoryCallOf(call: Call): RepositoryCall | undefined {
  const fullName = `${call.params['owner']}/${call.params['repo']}`;
  const repository = call.state.repositories.get(fullName.toLowerCase());
  return repository && { ...call, repository, scope: repositoryScope(repository) };
}
