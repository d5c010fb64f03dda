import * as z from 'zod/mini';
import { type JobEvent, jobEvent, LABELS_MAX } from '../contracts/job-event.ts';
import { SCHEMA_VERSION } from '../contracts/text.ts';

const idNumber = z.int().check(z.positive());
const isoTime = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/));

/** A job, as webhooks and REST both show it. */
const jobPart = z.object({
  id: idNumber,
  run_id: idNumber,
  // Older GitHub Enterprise Servers send neither the attempt nor the time of creation.
  run_attempt: z.optional(z.int()),
  name: z.string(),
  workflow_name: z.optional(z.nullable(z.string())),
  head_branch: z.optional(z.nullable(z.string())),
  head_sha: z.string(),
  labels: z.array(z.string()),
  status: z.string(),
  conclusion: z.optional(z.nullable(z.string())),
  created_at: z.optional(z.nullable(isoTime)),
  started_at: z.optional(z.nullable(isoTime)),
  completed_at: z.optional(z.nullable(isoTime)),
  runner_id: z.optional(z.nullable(z.int())),
  runner_name: z.optional(z.nullable(z.string())),
});

/** The part of GitHub's `workflow_job` payload that we read (octokit/webhooks schema); the rest is dropped unseen. */
const payload = z.object({
  action: z.string(),
  workflow_job: jobPart,
  repository: z.object({
    id: idNumber,
    full_name: z.string(),
    private: z.boolean(),
    visibility: z.optional(z.string()),
    fork: z.boolean(),
    owner: z.object({ id: idNumber, login: z.string(), type: z.string() }),
  }),
  deployment: z.optional(z.nullable(z.object({ environment: z.optional(z.string()) }))),
  installation: z.optional(z.nullable(z.object({ id: idNumber }))),
  sender: z.optional(z.nullable(z.object({ login: z.string() }))),
});
type Payload = z.infer<typeof payload>;

export type Projection =
  | { readonly ok: true; readonly event: JobEvent }
  /** Signed by GitHub but nothing for us; the sentence says why. */
  | { readonly ok: false; readonly sentence: string };

/** Ours to read, and bounded: control characters become spaces, the rest is cut. */
const text = (value: string, charsMax: number): string => value.replace(/\p{Cc}/gu, ' ').slice(0, charsMax);
const textOrNull = (value: string | null | undefined, charsMax: number): string | null =>
  value === null || value === undefined || value === '' ? null : text(value, charsMax);
const time = (value: string | null | undefined): number | null => {
  const at = Date.parse(value ?? '');
  return Number.isNaN(at) ? null : at;
};

/** From the signed body alone: the event's kind is told by the body's shape, never by an unsigned header. */
export function projectWebhook(
  body: unknown,
  at: { receivedAt: number; delivery: string | null },
): Projection {
  if (typeof body !== 'object' || body === null || !('workflow_job' in body)) {
    return { ok: false, sentence: 'Not a workflow_job event: nothing to do.' };
  }
  const read = payload.safeParse(body);
  if (!read.success) {
    const where = read.error.issues[0]?.path.join('.') ?? '';
    return { ok: false, sentence: `The workflow_job event is malformed at "${text(where, 100)}": ignored.` };
  }
  const event = jobEvent.safeParse(projected(read.data, at));
  if (event.success) return { ok: true, event: event.data };
  const where = event.error.issues[0]?.path.join('.') ?? '';
  return {
    ok: false,
    sentence: `The workflow_job event is not understood at "${text(where, 100)}": ignored.`,
  };
}

function projected(
  from: Payload,
  at: { receivedAt: number; delivery: string | null },
): Record<keyof JobEvent, unknown> {
  return {
    v: SCHEMA_VERSION,
    kind: 'job',
    action: from.action,
    ...jobFields(from.workflow_job, at.receivedAt),
    environment: textOrNull(from.deployment?.environment, 255),
    repository: {
      id: String(from.repository.id),
      fullName: from.repository.full_name,
      ownerId: String(from.repository.owner.id),
      ownerLogin: from.repository.owner.login,
      ownerType: from.repository.owner.type,
      visibility: from.repository.visibility ?? (from.repository.private ? 'private' : 'public'),
      fork: from.repository.fork,
    },
    installationId: from.installation ? String(from.installation.id) : null,
    senderLogin: textOrNull(from.sender?.login, 100),
    receivedAt: at.receivedAt,
    delivery: textOrNull(at.delivery, 100),
  };
}

function jobFields(job: z.infer<typeof jobPart>, receivedAt: number) {
  return {
    jobId: String(job.id),
    runId: String(job.run_id),
    runAttempt: job.run_attempt ?? 1,
    status: job.status,
    conclusion: textOrNull(job.conclusion, 40),
    labels: job.labels.slice(0, LABELS_MAX).map((label) => text(label, 256)),
    name: text(job.name, 200),
    workflowName: textOrNull(job.workflow_name, 200),
    headBranch: textOrNull(job.head_branch, 255),
    headSha: job.head_sha,
    createdAt: time(job.created_at) ?? time(job.started_at) ?? receivedAt,
    startedAt: time(job.started_at),
    completedAt: time(job.completed_at),
    runnerName: textOrNull(job.runner_name, 100),
    runnerId: job.runner_id ? String(job.runner_id) : null,
    senderLogin: null,
  };
}

/** States that an event announces; `requested` and `pending` come before any. */
const STATES: readonly string[] = ['queued', 'waiting', 'in_progress', 'completed'];

/** One job of REST's list: all that an event would have told but whose it is. Undefined when it cannot be read. */
export function projectJob(job: unknown): Listed | undefined {
  const read = jobPart.safeParse(job);
  return read.success ? listed.safeParse(jobFields(read.data, 0)).data : undefined;
}

const listed = z.omit(jobEvent, {
  ...{
    v: true,
    kind: true,
    action: true,
    repository: true,
    installationId: true,
    receivedAt: true,
    delivery: true,
  },
});
type Listed = z.infer<typeof listed>;

/** The event that would have announced a job as REST shows it; undefined for a state that no event has. */
export function eventOfListed(
  job: Listed,
  of: Pick<JobEvent, 'repository' | 'installationId' | 'receivedAt'>,
): JobEvent | undefined {
  const { status } = job;
  if (!STATES.includes(status)) return undefined;
  const action =
    status === 'queued' || status === 'waiting' || status === 'in_progress' ? status : 'completed';
  return { ...job, ...of, v: SCHEMA_VERSION, kind: 'job', action, delivery: null };
}
