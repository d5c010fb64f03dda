import type { components } from '@octokit/openapi-types';
import { type Answer, answerOf, notFound, refusal } from './answer.ts';
import { cancelJob } from './jobs.ts';
import { FILTERED_ITEMS_MAX, pageOf } from './pages.ts';
import type { RepositoryCall, Route } from './routing.ts';
import { runShape } from './run-shape.ts';
import { conclusionOf, rerunFailed, statusOf } from './runs.ts';
import { jobShape } from './shapes.ts';
import { recent } from './stale.ts';
import type * as T from './types.ts';

type Schemas = components['schemas'];
type RunAnswer = (call: RepositoryCall, run: T.Run) => Answer;

/** Answers for a run of the repository in the path. */
const onRun =
  (answer: RunAnswer) =>
  (call: RepositoryCall): Answer => {
    const run = call.state.runs.get(Number(call.params['run_id']));
    return run === undefined || run.repository !== call.repository ? notFound() : answer(call, run);
  };

function seenJob({ state, now }: RepositoryCall, job: T.Job): Schemas['job'] {
  return jobShape(state, job, recent(state, { key: `job ${job.id}`, of: job, current: job.facts }, now));
}

function getJob(call: RepositoryCall): Answer {
  const job = call.state.jobs.get(Number(call.params['job_id']));
  return job === undefined || job.run.repository !== call.repository
    ? notFound()
    : answerOf(200, seenJob(call, job));
}

function jobsAnswer(call: RepositoryCall, all: readonly T.Job[]): Answer {
  const { items, headers } = pageOf(call, all);
  return answerOf(200, { total_count: all.length, jobs: items.map((job) => seenJob(call, job)) }, headers);
}

const listJobs = onRun((call, run) =>
  jobsAnswer(call, call.query.get('filter') === 'all' ? run.jobs : run.latest),
);

const listAttemptJobs = onRun((call, run) => {
  const attempt = Number(call.params['attempt_number']);
  const jobs = run.jobs.filter((job) => job.attempt === attempt);
  return jobs.length === 0 ? notFound() : jobsAnswer(call, jobs);
});

/** Newest first. A status search reads the open runs only, unless it asks for what is over. */
function listRuns(call: RepositoryCall): Answer {
  const { repository, query } = call;
  const wanted = query.get('status');
  const isOpen = wanted === 'queued' || wanted === 'waiting' || wanted === 'in_progress';
  const runs = isOpen ? [...repository.openRuns].sort((a, b) => a.id - b.id) : repository.runs;
  const matching = runs.filter(
    (run) => wanted === null || statusOf(run) === wanted || conclusionOf(run) === wanted,
  );
  const newestFirst = matching.reverse();
  const reachable = wanted === null ? newestFirst : newestFirst.slice(0, FILTERED_ITEMS_MAX);
  const { items, headers } = pageOf(call, reachable);
  const shown = items.map((run) => runShape(call.state, run));
  return answerOf(200, { total_count: matching.length, workflow_runs: shown }, headers);
}

const cancel = (force: boolean) =>
  onRun((call, run) => {
    if (statusOf(run) === 'completed') return refusal(409, 'Cannot cancel a workflow run that is completed.');
    for (const job of run.latest) cancelJob(call.state, { job, force }, call.now);
    return answerOf(202, {});
  });

const rerun = onRun((call, run) => {
  if (statusOf(run) !== 'completed' || conclusionOf(run) === 'success') {
    return refusal(403, 'This workflow run cannot be retried: it has no failed jobs or is still running.');
  }
  rerunFailed(call.state, { run, actor: call.state.app.slug }, call.now);
  return answerOf(201, {});
});

const root = '/repos/{owner}/{repo}/actions';
const read = { on: 'repository', permission: 'actions', level: 'read', method: 'GET' } as const;
const write = { on: 'repository', permission: 'actions', level: 'write', method: 'POST' } as const;

export const runRoutes: readonly Route[] = [
  { ...read, path: `${root}/runs`, answer: listRuns },
  {
    ...read,
    path: `${root}/runs/{run_id}`,
    answer: onRun((call, run) => answerOf(200, runShape(call.state, run))),
  },
  { ...read, path: `${root}/runs/{run_id}/jobs`, answer: listJobs },
  { ...read, path: `${root}/runs/{run_id}/attempts/{attempt_number}/jobs`, answer: listAttemptJobs },
  { ...read, path: `${root}/jobs/{job_id}`, answer: getJob },
  { ...write, path: `${root}/runs/{run_id}/cancel`, answer: cancel(false) },
  { ...write, path: `${root}/runs/{run_id}/force-cancel`, answer: cancel(true) },
  { ...write, path: `${root}/runs/{run_id}/rerun-failed-jobs`, answer: rerun },
];
