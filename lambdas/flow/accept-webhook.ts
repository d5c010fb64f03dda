import type { JobEvent } from '../contracts/job-event.ts';
import type { Settings } from '../contracts/settings.ts';
import { instanceOfRunnerName } from '../core/job.ts';
import { projectWebhook } from '../core/project-webhook.ts';
import { COMPOSITE_PREFIX, normalLabels, route } from '../core/route.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobsQueue, WebhookSecretStore } from '../ports/jobs-queue.ts';
import type { Journal } from '../ports/journal.ts';

/** GitHub caps payloads at 25 MB, a workflow_job has about 20 KB; larger than this is not one. */
export const WEBHOOK_BYTES_MAX = 1_048_576;

export interface WebhookRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The raw bytes that were signed. */
  readonly body: Uint8Array;
}

export interface Answer {
  readonly statusCode: number;
  readonly sentence: string;
}

export interface WebhookPorts {
  readonly secrets: WebhookSecretStore;
  /** Constant-time HMAC-SHA256 over the raw bytes against the `sha256=…` header. */
  readonly isSigned: (secret: string, body: Uint8Array, signature: string) => boolean;
  readonly queue: JobsQueue;
  readonly clock: Clock;
  readonly journal: Journal;
}

const answer = (statusCode: number, sentence: string): Answer => ({ statusCode, sentence });

/**
 * Size, signature, parse, project, one send: in this order, so that nothing unsigned is parsed and nothing unsigned is
 * queued. Only 202 queues anything. What is signed but not for us gets 200, or a redeliverer would loop on it.
 */
export async function acceptWebhook(
  request: WebhookRequest,
  settings: Settings,
  ports: WebhookPorts,
): Promise<Answer> {
  if (request.method !== 'POST') return answer(405, 'Send webhooks by POST.');
  if (request.body.byteLength > WEBHOOK_BYTES_MAX) {
    ports.journal.count('WebhookRefused');
    return answer(413, 'The body is larger than 1 MiB.');
  }
  const signed = await checkSignature(request, ports);
  if (signed !== undefined) return signed;
  const body = parseJson(request.body);
  if (body === undefined)
    return ignored('The body is not JSON: set the content type of the hook to application/json.', ports);
  const receivedAt = ports.clock.now();
  const projection = projectWebhook(body, {
    receivedAt,
    delivery: request.headers['x-github-delivery'] ?? null,
  });
  if (!projection.ok) return ignored(projection.sentence, ports);
  if (isNoneOfOurs(projection.event, settings))
    return ignored('No pool of this stack serves these labels.', ports);
  const sent = await ports.queue.send(projection.event);
  if (!sent.ok) {
    ports.journal.warn('webhook-not-queued', { code: sent.fault.code, jobId: projection.event.jobId });
    return answer(503, 'The queue did not take the event: deliver it again.');
  }
  ports.journal.count('WebhookAccepted');
  return answer(202, 'Queued.');
}

function ignored(sentence: string, { journal }: WebhookPorts): Answer {
  journal.count('WebhookIgnored');
  return answer(200, sentence);
}

/** Undefined when the signature holds. After a miss the secrets are read afresh once: they may have been rotated. */
async function checkSignature(request: WebhookRequest, ports: WebhookPorts): Promise<Answer | undefined> {
  const signature = request.headers['x-hub-signature-256'];
  if (signature !== undefined && /^sha256=[0-9a-f]{64}$/.test(signature)) {
    for (const fresh of [false, true]) {
      const secrets = await ports.secrets.secrets({ fresh });
      if (!secrets.ok) return answer(503, 'The webhook secret cannot be read now: deliver the event again.');
      if (secrets.value.some((secret) => ports.isSigned(secret, request.body, signature))) return undefined;
    }
  }
  ports.journal.count('WebhookRefused');
  return answer(401, 'The signature is missing or wrong.');
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Dropped only if no pool could match, no composite label is asked, and the runner's name is not one of ours. */
function isNoneOfOurs(event: JobEvent, settings: Settings): boolean {
  if (event.runnerName !== null && instanceOfRunnerName(event.runnerName) !== null) return false;
  if (normalLabels(event.labels).some((label) => label.startsWith(COMPOSITE_PREFIX))) return false;
  return route(event.labels, settings).to === 'ignore';
}
