import type { GitHub, Scope, SeenRunner } from '../ports/github.ts';
import { done, type Fault, failed, type Outcome } from '../ports/outcome.ts';
import type { Narrowing } from './app-tokens.ts';
import { jobOf, mintedOf, runnersOf, runOf } from './github-answers.ts';
import { lookingAround } from './github-around.ts';
import { gatherFacts } from './github-facts.ts';
import type { Answer, Call } from './github-request.ts';

/** GitHub's largest page. */
const PAGE_ITEMS_MAX = 100;
/** The port's bound: 5,000 runners in a scope. */
const PAGES_MAX = 50;

/** One REST call, before it is known who answers it and with which token. `url` is GitHub's own template. */
export type Request = Pick<Call, 'method' | 'url' | 'parameters' | 'etag'>;

/** Makes one call with what it needs to be allowed to: over HTTP in the cloud, to the model in memory. */
export type Ask = (request: Request, narrowing: Narrowing | 'app') => Promise<Outcome<Answer>>;

/** The GitHub port over its REST API, whoever answers it. */
export function githubOver(ask: Ask): GitHub {
  return {
    mint: async ({ scope, name, labels, runnerGroupId }) => {
      const parameters = { ...owned(scope), name, labels, runner_group_id: runnerGroupId };
      const url = `${runnersUrl(scope)}/generate-jitconfig`;
      const answer = await ask({ method: 'POST', url, parameters }, runnersToken(scope));
      if (!answer.ok) return failed(named(answer.fault, { conflict: 'name-taken' }));
      if (answer.value.status !== 201) return failed(odd(answer.value));
      const minted = mintedOf(answer.value.data);
      // Something is registered under the name, but we cannot use it: the same as a lost answer.
      return minted === undefined ? failed({ kind: 'unsure', code: 'answer-unreadable' }) : done(minted);
    },
    deregister: async (scope, runnerId) => {
      const parameters = { ...owned(scope), runner_id: runnerId };
      const url = `${runnersUrl(scope)}/{runner_id}`;
      const answer = await ask({ method: 'DELETE', url, parameters }, runnersToken(scope));
      if (answer.ok) return answer.value.status === 204 ? done('deregistered') : failed(odd(answer.value));
      if (answer.fault.code === 'not-found') return done('gone');
      return answer.fault.code === 'invalid' ? done('busy') : answer;
    },
    findRunner: async (scope, name) => {
      const page = await runnerPage(ask, scope, { name });
      return page.ok ? done(page.value.runners.find((runner) => runner.name === name)) : page;
    },
    listRunners: (scope) => listRunners(ask, scope),
    run: async (scope, repositoryFullName, runId) =>
      look(ask, scope, {
        url: '/repos/{owner}/{repo}/actions/runs/{run_id}',
        parameters: { ...split(repositoryFullName), run_id: runId },
        read: runOf,
      }),
    job: async (scope, repositoryFullName, jobId) =>
      look(ask, scope, {
        url: '/repos/{owner}/{repo}/actions/jobs/{job_id}',
        parameters: { ...split(repositoryFullName), job_id: jobId },
        read: jobOf,
      }),
    ...lookingAround(ask),
    facts: (scope, repositoryFullName, wish) =>
      gatherFacts(ask, { scope, ...split(repositoryFullName) }, wish),
  };
}

const runnersUrl = ({ repository }: Scope): string =>
  repository === null ? '/orgs/{org}/actions/runners' : '/repos/{owner}/{repo}/actions/runners';

const owned = ({ owner, repository }: Scope): Record<string, string> =>
  repository === null ? { org: owner } : { owner, repo: repository };

/** Registrations: on an organization a permission of their own, on a repository administration, of that one alone. */
const runnersToken = ({ installationId, repository }: Scope): Narrowing => ({
  installationId,
  repository,
  permissions:
    repository === null ? { organization_self_hosted_runners: 'write' } : { administration: 'write' },
});

/** Runs and jobs of any repository of the installation, to read: one token serves them all. */
export const actionsToken = ({ installationId }: Scope): Narrowing => ({
  installationId,
  repository: null,
  permissions: { actions: 'read' },
});

/** Throws on what is no `owner/name`: a part made of dots alone would lead the request to another place of the API. */
export function split(fullName: string): { readonly owner: string; readonly repo: string } {
  const [owner = '', repo = '', ...more] = fullName.split('/');
  const isName = (part: string) => /[^.]/.test(part);
  if (isName(owner) && isName(repo) && more.length === 0) return { owner, repo };
  throw new Error(`repository: want owner/name, got ${JSON.stringify(fullName)}`);
}

const named = (fault: Fault, codes: Readonly<Record<string, string>>): Fault => ({
  ...fault,
  code: codes[fault.code] ?? fault.code,
});

/** No success of this call: a redirect of a write is not followed (somebody renamed it); all else may have done something. */
const odd = ({ status }: Answer): Fault =>
  status >= 300 ? { kind: 'refused', code: 'moved' } : { kind: 'unsure', code: `http-${status}` };

const UNREADABLE: Fault = { kind: 'refused', code: 'answer-unreadable' };
/** An answer that broke off reads as one of another form: it is asked for again. */
const BROKEN_OFF: Fault = { kind: 'busy', code: 'answer-broken-off', retryAfterMs: 2_000 };

export const unread = ({ data }: Answer): Fault => (typeof data === 'string' ? BROKEN_OFF : UNREADABLE);

async function look<T>(
  ask: Ask,
  scope: Scope,
  what: Omit<Request, 'method'> & { readonly read: (answer: unknown) => T | undefined },
): Promise<Outcome<T | undefined>> {
  const { read, ...request } = what;
  const answer = await ask({ ...request, method: 'GET' }, actionsToken(scope));
  if (!answer.ok) return answer.fault.code === 'not-found' ? done(undefined) : answer;
  const value = read(answer.value.data);
  return value === undefined ? failed(unread(answer.value)) : done(value);
}

async function runnerPage(ask: Ask, scope: Scope, query: Readonly<Record<string, unknown>>) {
  const parameters = { ...owned(scope), ...query, per_page: PAGE_ITEMS_MAX };
  const answer = await ask({ method: 'GET', url: runnersUrl(scope), parameters }, runnersToken(scope));
  if (!answer.ok) return answer;
  const page = runnersOf(answer.value.data);
  return page === undefined ? failed(unread(answer.value)) : done(page);
}

/**
 * Runners come and go while pages are read, and GitHub counts them on each: a list shorter than the last count is not
 * whole. One that moved between two pages may still be missed, so absence alone must never end anything.
 */
async function listRunners(ask: Ask, scope: Scope): Promise<Outcome<readonly SeenRunner[]>> {
  const seen = new Map<string, SeenRunner>();
  for (let page = 1; page <= PAGES_MAX; page++) {
    const answer = await runnerPage(ask, scope, { page });
    if (!answer.ok) return answer;
    const { runners, total } = answer.value;
    for (const runner of runners) seen.set(runner.runnerId, runner);
    if (seen.size >= total) return done([...seen.values()]);
    if (runners.length < PAGE_ITEMS_MAX) {
      return failed({ kind: 'busy', code: 'list-changed', retryAfterMs: 1_000 });
    }
  }
  return failed({ kind: 'refused', code: 'list-too-long' });
}
