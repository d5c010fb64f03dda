/** What lies in a dead-letter queue, why it likely lies there, and whether it is worth sending again: decisions only. */
import { type InstanceEvent, instanceEvent } from '../../lambdas/contracts/instance-event.ts';
import { type JobEvent, jobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobItem, RunnerItem, Timeline } from '../../lambdas/contracts/ledger.ts';
import { REASONS } from '../../lambdas/contracts/reasons.ts';
import type { ParkedMessage } from '../../lambdas/contracts/run-folder.ts';
import { stateOf } from '../../lambdas/core/job.ts';

/** What a parked message is about. */
export type Subject =
  | { readonly kind: 'job'; readonly event: JobEvent }
  | { readonly kind: 'instance'; readonly event: InstanceEvent }
  | { readonly kind: 'unreadable'; readonly why: string };

/** What the ledger answers about it. `corrupt`: there is an item, and nobody can read it. `silent`: it did not answer. */
export type Known =
  | { readonly kind: 'job'; readonly item: JobItem }
  | { readonly kind: 'runner'; readonly item: RunnerItem }
  | { readonly kind: 'none' }
  | { readonly kind: 'corrupt'; readonly why: string }
  | { readonly kind: 'silent'; readonly code: string };

/**
 * replay: sent again, it can still do its work. over: what it tells is known or of no use any more. unreadable: no function
 * can read it. blocked: the ledger must be mended, or answer, first.
 */
export type Verdict = 'replay' | 'over' | 'unreadable' | 'blocked';

/** One parked message, told to a person. Sentences are ours; of foreign text only the bounded names are in them. */
export interface Finding {
  readonly queue: ParkedMessage['queue'];
  readonly messageId: string;
  /** `job 123 queued`, `instance i-… shutting-down`, or `unreadable`. */
  readonly what: string;
  readonly jobId: string | null;
  readonly action: string | null;
  readonly repository: string | null;
  readonly instanceId: string | null;
  readonly sentAt: number;
  readonly receives: number;
  readonly why: string;
  readonly verdict: Verdict;
  readonly verdictWhy: string;
}

/** Reads a message as the function of its queue would. */
export function subjectOf({ queue, body }: Pick<ParkedMessage, 'queue' | 'body'>): Subject {
  const value = jsonOf(body);
  if (value === undefined) return { kind: 'unreadable', why: 'the body is no JSON' };
  const read = queue === 'jobs' ? jobEvent.safeParse(value) : instanceEvent.safeParse(value);
  if (!read.success) {
    const places = read.error.issues.map(({ path, code }) => `${path.join('.') || 'body'}: ${code}`);
    return {
      kind: 'unreadable',
      why: `the body is not of the agreed form (${places.slice(0, 3).join('; ')})`,
    };
  }
  return 'jobId' in read.data ? { kind: 'job', event: read.data } : { kind: 'instance', event: read.data };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Which item of the ledger tells more; undefined when the message cannot be read. */
export function askedOf(
  subject: Subject,
): { readonly kind: 'job' | 'runner'; readonly id: string } | undefined {
  if (subject.kind === 'unreadable') return undefined;
  return subject.kind === 'job'
    ? { kind: 'job', id: subject.event.jobId }
    : { kind: 'runner', id: subject.event.detail['instance-id'] };
}

/** The whole finding. `known` is what the ledger says now: a replay is judged anew right before it. */
export function findingOf(message: ParkedMessage, subject: Subject, known: Known): Finding {
  const { verdict, verdictWhy } = judge(subject, known);
  const { queue, messageId, sentAt, receives } = message;
  return {
    ...{ queue, messageId, ...namesOf(subject), sentAt, receives },
    ...{ why: whyOf(subject, known), verdict, verdictWhy },
  };
}

function namesOf(subject: Subject): Pick<Finding, 'what' | 'jobId' | 'action' | 'repository' | 'instanceId'> {
  const none = { jobId: null, action: null, repository: null, instanceId: null };
  if (subject.kind === 'unreadable') return { ...none, what: 'unreadable' };
  if (subject.kind === 'job') {
    const { jobId, action, repository } = subject.event;
    return { ...none, what: `job ${jobId} ${action}`, jobId, action, repository: repository.fullName };
  }
  const { event } = subject;
  const instanceId = event.detail['instance-id'];
  const action = actionOf(event);
  return { ...none, what: `instance ${instanceId} ${action}`, instanceId, action };
}

function actionOf(event: InstanceEvent): string {
  if (event['detail-type'] === 'EC2 Instance State-change Notification') return event.detail.state;
  return event['detail-type'] === 'EC2 Spot Instance Interruption Warning'
    ? 'spot-interruption'
    : 'rebalance-advised';
}

/** Facts only move forward: news at or below what the ledger has changes nothing. */
const FACT_RANK = { queued: 0, running: 1, completed: 2 } as const;
const ACTION_RANK = { queued: 0, waiting: 0, in_progress: 1, completed: 2 } as const;
/** With these the job is over for GitHub as well: no newer fact will come. */
const OVER: readonly string[] = ['job-over', 'queue-time-over'];

function judge(subject: Subject, known: Known): Pick<Finding, 'verdict' | 'verdictWhy'> {
  if (subject.kind === 'unreadable')
    return { verdict: 'unreadable', verdictWhy: 'no function can read it; it would only be parked again' };
  if (known.kind === 'corrupt')
    return { verdict: 'blocked', verdictWhy: 'its ledger item must be mended by hand first' };
  if (known.kind === 'silent')
    return { verdict: 'blocked', verdictWhy: `the ledger did not answer (${known.code}); try again` };
  if (subject.kind === 'job') return judgeJob(subject.event, known.kind === 'job' ? known.item : undefined);
  if (known.kind !== 'runner')
    return {
      verdict: 'over',
      verdictWhy: 'the ledger has no such instance: it is not ours, or long forgotten',
    };
  return known.item.rank === 'ended'
    ? { verdict: 'over', verdictWhy: 'the instance has ended, and the ledger knows it' }
    : { verdict: 'replay', verdictWhy: 'the ledger does not know it yet' };
}

function judgeJob(event: JobEvent, job: JobItem | undefined): Pick<Finding, 'verdict' | 'verdictWhy'> {
  if (job === undefined) return { verdict: 'replay', verdictWhy: 'the ledger does not know this job yet' };
  if (job.fact === 'completed' || OVER.includes(job.intent.reason))
    return { verdict: 'over', verdictWhy: 'the job is over, and the ledger knows it' };
  if (FACT_RANK[job.fact] > ACTION_RANK[event.action])
    return { verdict: 'over', verdictWhy: `the ledger knows more: the job is ${stateOf(job)}` };
  return { verdict: 'replay', verdictWhy: 'the job is open; dispatch looks at it anew' };
}

function whyOf(subject: Subject, known: Known): string {
  if (subject.kind === 'unreadable')
    return `${subject.why}: a bug of ours, or somebody else writes to the queue`;
  switch (known.kind) {
    case 'corrupt':
      return `its ledger item cannot be read: ${known.why}`;
    case 'silent':
      return `unknown: the ledger did not answer (${known.code})`;
    case 'none':
      return 'the ledger never took it: the function or DynamoDB failed at every try';
    case 'job':
      return `the ledger has the job as ${stateOf(known.item)}: ${REASONS[known.item.intent.reason]}${lastSaid(known.item.timeline)}`;
    case 'runner':
      return `the ledger has the runner as ${known.item.rank}${lastSaid(known.item.timeline)}`;
  }
}

/** What the timeline says last, where that tells more than the state. */
function lastSaid({ entries }: Timeline): string {
  const last = entries.at(-1);
  if (last === undefined) return '';
  const times = last.count > 1 ? `, ${last.count} times` : '';
  const at = new Date(last.lastAt).toISOString().slice(0, 19);
  return ` (last: ${last.by}, ${last.reason}${last.why === '' ? '' : ` ${last.why}`}${times}, at ${at}Z)`;
}
