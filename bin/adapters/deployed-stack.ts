import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { createDynamoLedger, ledgerClient } from '../../lambdas/adapters/dynamodb-ledger.ts';
import { jsonOf } from '../../lambdas/adapters/json.ts';
import { ssmClient } from '../../lambdas/adapters/ssm-github-app.ts';
import { systemClock } from '../../lambdas/adapters/system.ts';
import { type Places, places, placesParameter, type QueueName } from '../../lambdas/contracts/places.ts';
import type { Clock } from '../../lambdas/ports/clock.ts';
import { UsageError } from '../core/usage.ts';
import type { ParkedQueue, Stack } from '../ports/stack.ts';
import { scanJobs } from './scan-jobs.ts';
import { createSqsParkedQueue, operatorSqsClient } from './sqs-parked-queue.ts';

/** Where AWS is, for tests; left out, the SDK finds region and credentials as the AWS CLI does. */
export interface AwsPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A deployed stack, found by its name alone. Throws a UsageError when it cannot be found or read. */
export async function openDeployedStack(
  name: string,
  aws?: AwsPlace,
  clock: Clock = systemClock,
): Promise<Stack> {
  const found = await readPlaces(ssmClient(aws), name);
  const sqs = operatorSqsClient(aws);
  const client = ledgerClient(aws);
  const parked = (queue: QueueName): ParkedQueue =>
    createSqsParkedQueue({ client: sqs, queue, ...found.queues[queue] });
  return {
    name,
    isLive: true,
    now: clock.now,
    stackId: found.stackId,
    parked: { jobs: parked('jobs'), instances: parked('instances') },
    pools: found.pools ?? [],
    ledger: createDynamoLedger({ client, table: found.ledgerTable, clock }),
    findJobs: (where, how) => scanJobs({ client, table: found.ledgerTable }, where, how),
  };
}

async function readPlaces(client: SSMClient, stackName: string): Promise<Places> {
  const Name = placesParameter(stackName);
  const value = await client.send(new GetParameterCommand({ Name })).then(
    ({ Parameter }) => jsonOf(Parameter?.Value ?? ''),
    (error: unknown) => {
      throw new UsageError(sentenceOf(error, Name));
    },
  );
  const read = places.safeParse(value);
  if (read.success) return read.data;
  throw new UsageError(
    `${Name}: want the places of a Mayfly stack, got another text: deploy the stack with the version of this command.`,
  );
}

/** Error messages of the SDK may quote what was sent: only names are repeated. */
function sentenceOf(error: unknown, parameter: string): string {
  const { name, message } = error instanceof Error ? error : { name: 'unknown', message: '' };
  if (name === 'ParameterNotFound')
    return `--stack: want a deployed Mayfly stack, but SSM has no ${parameter} in this region: check name, region and account.`;
  if (/region is missing/i.test(message))
    return 'AWS region: want one, got none: set AWS_REGION, or a region in your AWS profile.';
  if (name === 'CredentialsProviderError' || name === 'ExpiredTokenException')
    return `AWS credentials: want some that work, got ${name}: log in as for the AWS CLI ("aws sts get-caller-identity" tells).`;
  if (name === 'AccessDeniedException')
    return `${parameter}: want ssm:GetParameter on it, got AccessDeniedException: use credentials that may read it.`;
  return `${parameter}: SSM did not answer (${name}): check the network and the region, then try again.`;
}
