import type { GitHub, ListedJob, Scope, SeenDelivery, SeenRepository } from '../ports/github.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import { runsOf } from './github-answers.ts';
import * as answers from './github-around-answers.ts';
import { type Ask, actionsToken, type Request, split, unread } from './github-port.ts';
import type { Answer } from './github-request.ts';

/** How the sweep looks around at GitHub: what was never announced, what was not delivered, who may be served. */

/** GitHub's largest page. */
const PAGE_ITEMS_MAX = 100;
/** A matrix has 256 jobs at most; a run with more than this many pages is looked at as far as they go. */
const JOB_PAGES_MAX = 5;
const REPOSITORY_PAGES_MAX = 50;
const INSTALLATION_PAGES_MAX = 10;

type LookingAround = Pick<
  GitHub,
  | 'runJobs'
  | 'openRuns'
  | 'cancelRun'
  | 'repositories'
  | 'installations'
  | 'installationOf'
  | 'deliveries'
  | 'redeliver'
>;

export const lookingAround = (ask: Ask): LookingAround => ({
  runJobs: (scope, name, run) => runJobs(ask, scope, { name, ...run }),
  openRuns: async (scope, name, status) => {
    const parameters = { ...split(name), status, per_page: PAGE_ITEMS_MAX };
    const answer = await ask(
      { method: 'GET', url: '/repos/{owner}/{repo}/actions/runs', parameters },
      actionsToken(scope),
    );
    return readOr404(answer, runsOf);
  },
  cancelRun: async (scope, name, runId) => {
    const narrowing = {
      installationId: scope.installationId,
      repository: null,
      permissions: { actions: 'write' },
    };
    const url = '/repos/{owner}/{repo}/actions/runs/{run_id}/cancel';
    const answer = await ask(
      { method: 'POST', url, parameters: { ...split(name), run_id: runId } },
      narrowing,
    );
    if (answer.ok) return done('asked');
    const { code } = answer.fault;
    return code === 'not-found' || code === 'conflict' ? done('over') : answer;
  },
  repositories: async (installationId) => {
    const narrowing = { installationId, repository: null, permissions: { metadata: 'read' } };
    const pageOf = (page: number) =>
      ask(
        { method: 'GET', url: '/installation/repositories', parameters: { per_page: PAGE_ITEMS_MAX, page } },
        narrowing,
      );
    const read = (answer: unknown): Page<SeenRepository> | undefined => {
      const seen = answers.repositoriesOf(answer);
      return seen && { items: seen.repositories, isLast: seen.listed < PAGE_ITEMS_MAX };
    };
    return walk(pageOf, read, REPOSITORY_PAGES_MAX);
  },
  installations: () => {
    const pageOf = (page: number) =>
      ask(
        { method: 'GET', url: '/app/installations', parameters: { per_page: PAGE_ITEMS_MAX, page } },
        'app',
      );
    return walk(pageOf, (answer) => lastIfShort(answers.installationsOf(answer)), INSTALLATION_PAGES_MAX);
  },
  installationOf: async (name) => {
    const request: Request = {
      method: 'GET',
      url: '/repos/{owner}/{repo}/installation',
      parameters: split(name),
    };
    return readOr404(await ask(request, 'app'), answers.installationIdOf);
  },
  deliveries: (page) => deliveries(ask, page),
  redeliver: async (deliveryId) => {
    const parameters = { delivery_id: deliveryId };
    const answer = await ask(
      { method: 'POST', url: '/app/hook/deliveries/{delivery_id}/attempts', parameters },
      'app',
    );
    if (answer.ok) return done('asked');
    return answer.fault.code === 'not-found' ? done('gone') : answer;
  },
});

function readOr404<T>(
  answer: Outcome<Answer>,
  read: (data: unknown) => T | undefined,
): Outcome<T | undefined> {
  if (!answer.ok) return answer.fault.code === 'not-found' ? done(undefined) : answer;
  const value = read(answer.value.data);
  return value === undefined ? failed(unread(answer.value)) : done(value);
}

interface Page<T> {
  readonly items: readonly T[];
  readonly isLast: boolean;
}

const lastIfShort = <T>(items: readonly T[] | undefined): Page<T> | undefined =>
  items && { items, isLast: items.length < PAGE_ITEMS_MAX };

/** All pages, or nothing: a list that is not whole proves nothing. */
async function walk<T>(
  pageOf: (page: number) => Promise<Outcome<Answer>>,
  read: (data: unknown) => Page<T> | undefined,
  pagesMax: number,
): Promise<Outcome<readonly T[]>> {
  const items: T[] = [];
  for (let page = 1; page <= pagesMax; page += 1) {
    const answer = await pageOf(page);
    if (!answer.ok) return answer;
    const seen = read(answer.value.data);
    if (seen === undefined) return failed(unread(answer.value));
    items.push(...seen.items);
    if (seen.isLast) return done(items);
  }
  return failed({ kind: 'refused', code: 'list-too-long' });
}

async function runJobs(
  ask: Ask,
  scope: Scope,
  { name, runId, etag }: { readonly name: string; readonly runId: string; readonly etag: string | null },
): ReturnType<GitHub['runJobs']> {
  const jobs: ListedJob[] = [];
  let first: string | null = null;
  for (let page = 1; page <= JOB_PAGES_MAX; page += 1) {
    const parameters = { ...split(name), run_id: runId, filter: 'latest', per_page: PAGE_ITEMS_MAX, page };
    const url = '/repos/{owner}/{repo}/actions/runs/{run_id}/jobs';
    const known = page === 1 && etag !== null ? { etag } : {};
    const answer = await ask({ method: 'GET', url, parameters, ...known }, actionsToken(scope));
    if (answer.ok && answer.value.status === 304) return done({ etag, jobs: null });
    const seen = readOr404(answer, answers.jobsOf);
    if (!seen.ok) return seen;
    if (seen.value === undefined) return done(undefined);
    if (page === 1 && answer.ok) first = answers.etagOf(answer.value.headers);
    jobs.push(...seen.value.jobs);
    // Of a list of several pages the first alone may be unchanged: it is read whole each time.
    if (seen.value.listed < PAGE_ITEMS_MAX) return done({ etag: page === 1 ? first : null, jobs });
  }
  return done({ etag: null, jobs });
}

async function deliveries(
  ask: Ask,
  { cursor, onlyFailed }: { readonly cursor: string | null; readonly onlyFailed: boolean },
): ReturnType<GitHub['deliveries']> {
  const parameters = {
    per_page: PAGE_ITEMS_MAX,
    ...(cursor !== null && { cursor }),
    ...(onlyFailed && { status: 'failure' }),
  };
  const answer = await ask({ method: 'GET', url: '/app/hook/deliveries', parameters }, 'app');
  if (!answer.ok) return answer;
  const rows: readonly SeenDelivery[] | undefined = answers.deliveriesOf(answer.value.data);
  return rows === undefined
    ? failed(unread(answer.value))
    : done({ deliveries: rows, next: answers.nextCursorOf(answer.value.headers) });
}
