import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';
import { COMMON, COMMON_USAGE, readArgumentsWithSubject, targetOf } from '../core/arguments.ts';
import { type Asked, readSubject } from '../core/subject.ts';
import { EXIT, EXIT_CODES } from '../core/usage.ts';
import { whyJob, whyRunner } from '../core/why.ts';
import { caseOf } from '../flow/gather-case.ts';
import type { Stack } from '../ports/stack.ts';
import type { Command, Desk } from './command.ts';
import { jobLines, runnerLines } from './say-why.ts';

const USAGE = `mayfly why (--stack NAME | --local) <job URL | run URL | job id | runner name | instance id> [options]

Tells in plain words why a job or runner stands as it stands: what happened, what is waited for, until when, and what a person can do.
Everything is read from the ledger; GitHub and EC2 are not asked. A run URL reads the whole table (jobs have no index by run).

${COMMON_USAGE}
Examples:
  mayfly why --stack Mayfly https://github.com/acme/shop/actions/runs/9747967001/job/28877621001
  mayfly why --stack Mayfly https://github.com/acme/shop/actions/runs/9747967001
  mayfly why --local i-0123456789abcdef0 --json

Permissions: ssm:GetParameter, dynamodb:GetItem, BatchGetItem and Query; dynamodb:Scan for a run URL.
${EXIT_CODES}What the ledger does not know counts as undone: exit code 1.
`;

interface Answer {
  readonly text: readonly string[];
  readonly json: object;
}

export const why: Command = {
  name: 'why',
  summary: 'why a job or runner stands as it stands, what it waits for, and what you can do',
  usage: USAGE,
  run: async (args, desk) => {
    const { values, subject } = readArgumentsWithSubject('why', COMMON, args);
    const target = targetOf(values);
    const asked = readSubject(subject);
    const stack = await desk.open(target);
    const answer = await answerTo(asked, stack, desk);
    if (!answer.ok) {
      desk.note(`The ledger did not answer (${answer.fault.code}): try again.\n`);
      return EXIT.short;
    }
    if (answer.value === undefined) return unknown(asked, desk, values.json === true);
    if (values.json === true) desk.print(`${JSON.stringify({ stack: stack.name, ...answer.value.json })}\n`);
    else desk.print(`${answer.value.text.join('\n')}\n`);
    return desk.signal.aborted ? EXIT.interrupted : EXIT.done;
  },
};

function answerTo(asked: Asked, stack: Stack, desk: Desk): Promise<Outcome<Answer | undefined>> {
  if (asked.kind === 'job') return oneJob(asked.jobId, stack);
  return asked.kind === 'runner' ? oneRunner(asked.instanceId, stack) : oneRun(asked.runId, stack, desk);
}

async function oneJob(jobId: string, stack: Stack): Promise<Outcome<Answer | undefined>> {
  const job = await stack.ledger.read('job', jobId);
  if (!job.ok) return job;
  return job.value === undefined ? { ok: true, value: undefined } : aboutJobs([job.value], stack);
}

async function oneRun(runId: string, stack: Stack, desk: Desk): Promise<Outcome<Answer | undefined>> {
  const progress = { told: 0 };
  const found = await stack.findJobs(
    { runId },
    {
      signal: desk.signal,
      onRead: (items) => {
        if (items - progress.told < 10_000) return;
        progress.told = items;
        desk.progress(`${items} items read\n`);
      },
    },
  );
  if (!found.ok) return found;
  if (!found.value.isWhole) desk.note('There may be more: the table was not read to its end.\n');
  if (found.value.jobs.length === 0) return { ok: true, value: undefined };
  return aboutJobs(
    found.value.jobs.toSorted((a, b) => a.at.queued - b.at.queued || (a.jobId < b.jobId ? -1 : 1)),
    stack,
  );
}

async function aboutJobs(jobs: readonly JobItem[], stack: Stack): Promise<Outcome<Answer>> {
  const now = stack.now();
  const text: string[] = [];
  const told: object[] = [];
  for (const job of jobs) {
    const at = await caseOf(job, stack);
    if (!at.ok) return at;
    const reason = whyJob(at.value);
    text.push(...jobLines(job, reason, now));
    const { jobId, runId, name, pool, repository, timeline } = job;
    const names = { jobId, runId, name, pool, repository: repository.fullName };
    told.push({ ...names, ...reason, timeline: timeline.entries });
  }
  return { ok: true, value: { text, json: { now, jobs: told } } };
}

async function oneRunner(instanceId: string, stack: Stack): Promise<Outcome<Answer | undefined>> {
  const read = await stack.ledger.read('runner', instanceId);
  if (!read.ok) return read;
  if (read.value === undefined) return { ok: true, value: undefined };
  const runner = read.value;
  const now = stack.now();
  const reason = whyRunner(runner, now);
  const { pool, instanceType, zone, market, job, verdict, timeline } = runner;
  const facts = { instanceId, pool, instanceType, zone, market, job, verdict };
  const json = { now, runner: { ...facts, ...reason, timeline: timeline.entries } };
  return { ok: true, value: { text: runnerLines(runner, reason, now), json } };
}

/** Never a mere "not found": a job that never reached us is the most frequent question of all. */
function unknown(asked: Asked, desk: Desk, isJson: boolean): number {
  const what =
    asked.kind === 'runner'
      ? `instance ${asked.instanceId}`
      : `${asked.kind} ${asked.kind === 'job' ? asked.jobId : asked.runId}`;
  const canDo =
    asked.kind === 'runner'
      ? 'It is not of this stack, or ended more than 21 days ago.'
      : 'Its webhook did not arrive, asks for no pool of this stack, or is parked: look at "mayfly dlq list", and at the recent deliveries of the App at GitHub.';
  const says = `The ledger does not know ${what}.`;
  if (isJson) desk.print(`${JSON.stringify({ unknown: what, says, canDo })}\n`);
  else desk.print(`${says} ${canDo}\n`);
  return EXIT.short;
}
