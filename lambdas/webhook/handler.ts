import { onUrl } from '../adapters/function-url.ts';
import { createPowertoolsJournal } from '../adapters/powertools-journal.ts';
import { createSecretsWebhook, secretsClient } from '../adapters/secrets-webhook.ts';
import { createSqsJobsQueue, jobsQueueClient } from '../adapters/sqs-jobs-queue.ts';
import { systemClock as clock } from '../adapters/system.ts';
import { isSigned } from '../adapters/webhook-signature.ts';
import { readSettings, webhookEnvironment } from '../environment.ts';
import { acceptWebhook, type WebhookPorts } from '../flow/accept-webhook.ts';

const env = webhookEnvironment();
const settings = readSettings();
const ports: WebhookPorts = {
  secrets: createSecretsWebhook({ client: secretsClient(), secretArn: env.WEBHOOK_SECRET_ARN, clock }),
  isSigned,
  queue: createSqsJobsQueue({ client: jobsQueueClient(), queueUrl: env.JOBS_QUEUE_URL }),
  clock,
  journal: createPowertoolsJournal({ service: 'webhook', stackId: env.STACK_ID }),
};

/** GitHub's webhooks come in here. */
export const handler = onUrl(async (request) => {
  const { statusCode, sentence } = await acceptWebhook(request, settings, ports);
  return { statusCode, body: sentence };
});
