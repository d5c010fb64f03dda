import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import {
  InstanceInitiatedShutdownBehavior,
  LaunchTemplate,
  MachineImage,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, FunctionUrlAuthType, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { AwsRequest } from '../../../local/aws/answer.ts';
import { killCallerAfter } from '../../../local/aws/faults.ts';
import { isObject } from '../../../local/json.ts';
import { type RunningStack, startStack } from '../../../local/stack/run.ts';
import { eventually, fastClock, scratch } from './local-stack.ts';

/** Takes a webhook in, as ours does: one send, then 202. */
const WEBHOOK = `
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const sqs = new SQSClient({});
export const handler = async (event) => {
  if (event.headers['x-secret'] !== process.env.SECRET) return { statusCode: 401 };
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.JOBS, MessageBody: event.body }));
  return { statusCode: 202 };
};`;

/** Writes each message once; a message that says so fails alone. */
const DISPATCH = `
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
export const handler = async ({ Records }) => {
  const batchItemFailures = [];
  for (const { body, messageId, attributes } of Records) {
    const { id, poison } = JSON.parse(body);
    console.log(JSON.stringify({ id, receive: attributes.ApproximateReceiveCount, batch: Records.length }));
    if (poison) batchItemFailures.push({ itemIdentifier: messageId });
    else await dynamodb.send(new PutItemCommand({ TableName: process.env.LEDGER, Item: { pk: { S: id } } }));
  }
  return { batchItemFailures };
};`;

const folder = scratch();
const ec2Requests: AwsRequest[] = [];
let stack: RunningStack;
let dispatch: string;

function synthesize(): string {
  const outdir = join(folder.path, 'cdk.out');
  const app = new App({ outdir, analyticsReporting: false });
  const cdk = new Stack(app, 'Slice');
  const code = (name: string, source: string) => {
    mkdirSync(join(folder.path, name), { recursive: true });
    writeFileSync(join(folder.path, name, 'index.mjs'), source);
    return Code.fromAsset(join(folder.path, name));
  };
  const lambda = (id: string, source: string) =>
    new Lambda(cdk, id, {
      ...{ handler: 'index.handler', runtime: Runtime.NODEJS_24_X, architecture: Architecture.ARM_64 },
      ...{ code: code(id, source), memorySize: 512, timeout: Duration.seconds(15) },
      logGroup: new LogGroup(cdk, `${id}Logs`, { removalPolicy: RemovalPolicy.DESTROY }),
    });
  const parked = new Queue(cdk, 'Parked', { enforceSSL: true });
  const jobs = new Queue(cdk, 'Jobs', {
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(90),
    deadLetterQueue: { queue: parked, maxReceiveCount: 2 },
  });
  const ledger = new TableV2(cdk, 'Ledger', {
    ...{ partitionKey: { name: 'pk', type: AttributeType.STRING }, timeToLiveAttribute: 'ttl' },
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
    globalSecondaryIndexes: [
      {
        indexName: 'due',
        partitionKey: { name: 'shard', type: AttributeType.STRING },
        sortKey: { name: 'due', type: AttributeType.NUMBER },
        ...{ projectionType: ProjectionType.INCLUDE, nonKeyAttributes: ['step'] },
      },
    ],
  });
  const secret = new Secret(cdk, 'Secret', { generateSecretString: { excludePunctuation: true } });
  const webhook = lambda('Webhook', WEBHOOK);
  webhook.addEnvironment('JOBS', jobs.queueUrl);
  webhook.addEnvironment('SECRET', secret.secretValue.unsafeUnwrap());
  jobs.grantSendMessages(webhook);
  const worker = lambda('Dispatch', DISPATCH);
  worker.addEnvironment('LEDGER', ledger.tableName);
  ledger.grantWriteData(worker);
  const batching = { batchSize: 100, maxBatchingWindow: Duration.seconds(1), maxConcurrency: 5 };
  worker.addEventSource(new SqsEventSource(jobs, { ...batching, reportBatchItemFailures: true }));
  const vpc = new Vpc(cdk, 'Net', {
    ...{ natGateways: 0, restrictDefaultSecurityGroup: false },
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
  });
  new LaunchTemplate(cdk, 'Pool', {
    ...{ machineImage: MachineImage.latestAmazonLinux2023(), requireImdsv2: true },
    instanceInitiatedShutdownBehavior: InstanceInitiatedShutdownBehavior.TERMINATE,
  });
  new CfnKey(cdk, 'Key', {
    ...{ keySpec: 'RSA_2048', keyUsage: 'SIGN_VERIFY', origin: 'EXTERNAL' },
    keyPolicy: { Statement: [] },
  });
  new CfnOutput(cdk, 'Url', { value: webhook.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url });
  new CfnOutput(cdk, 'SecretArn', { value: secret.secretArn });
  new CfnOutput(cdk, 'Zones', { value: vpc.availabilityZones.join(',') });
  app.synth();
  return outdir;
}

const CREATED = `<CreateLaunchTemplateResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><launchTemplate>
  <launchTemplateId>lt-0123</launchTemplateId><latestVersionNumber>1</latestVersionNumber></launchTemplate></CreateLaunchTemplateResponse>`;

beforeAll(async () => {
  const ec2 = {
    handle: async (request: AwsRequest) => {
      ec2Requests.push(request);
      return { status: 200, headers: { 'content-type': 'text/xml' }, body: CREATED };
    },
  };
  const ssmParameters = { '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64': 'ami-0abc' };
  const workDir = join(folder.path, 'run');
  const assemblyDir = synthesize();
  stack = await startStack({ assemblyDir, workDir, ec2, clock: fastClock(90), overrides: { ssmParameters } });
  dispatch = stack.logicalIdAt('Dispatch');
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

const post = (body: object, secret = stack.emulators.secrets.text(stack.outputs['SecretArn'] ?? '')) =>
  fetch(stack.outputs['Url'] ?? '', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-secret': secret ?? '' },
  });
const inLedger = async (pk: string) => {
  const TableName = stack.resources.get(stack.logicalIdAt('Ledger'))?.ref ?? '';
  return (await stack.emulators.dynamodb.call('GetItem', { TableName, Key: { pk: { S: pk } } }))['Item'];
};
const logged = (): { id: string; receive: string; batch: number }[] =>
  readFileSync(join(folder.path, 'run', 'logs', `${dispatch}.log`), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
const waiting = async (path: string): Promise<number> => {
  const QueueUrl = stack.resources.get(stack.logicalIdAt(path))?.ref ?? '';
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const { Attributes } = await stack.emulators.sqs.call('GetQueueAttributes', { QueueUrl, AttributeNames });
  return Object.values(isObject(Attributes) ? Attributes : {}).reduce(
    (sum: number, one) => sum + Number(one),
    0,
  );
};

describe('a synthesized CDK app on this machine', () => {
  it('takes a request at its URL, through queue and batch, into its table', async () => {
    expect((await post({ id: 'job#0' }, 'wrong')).status).toBe(401);
    const answers = await Promise.all([1, 2, 3, 4].map((n) => post({ id: `job#${n}`, poison: n === 3 })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    for (const n of [1, 2, 4]) await eventually(() => inLedger(`job#${n}`));
    expect(await inLedger('job#3')).toBeUndefined();
  });

  it('parks the poison message alone, after as many receives as its queue allows', async () => {
    await eventually(async () => ((await waiting('Parked')) === 1 ? true : undefined));
    expect(await waiting('Jobs')).toBe(0);
    const receives = logged()
      .filter(({ id }) => id === 'job#3')
      .map(({ receive }) => receive);
    expect(receives).toEqual(['1', '2']);
    expect(logged().filter(({ id }) => id === 'job#1')).toHaveLength(1);
  });

  it('loses nothing when a function dies between its effect and the answer', async () => {
    stack.faults.before('dynamodb', 'PutItem', killCallerAfter);
    await post({ id: 'job#killed' });
    await eventually(async () =>
      (await waiting('Jobs')) === 0 && stack.faults.left() === 0 ? true : undefined,
    );
    expect(await inLedger('job#killed')).toBeDefined();
    expect(
      logged()
        .filter(({ id }) => id === 'job#killed')
        .map(({ receive }) => receive),
    ).toEqual(['1', '2']);
    const [counts] = stack.counts().functions.filter(({ logicalId }) => logicalId === dispatch);
    expect(counts?.errors).toBe(1);
  });

  it('creates launch templates at the EC2 model, with the image that SSM names', async () => {
    const [request] = ec2Requests;
    const form = new URLSearchParams(request?.body);
    expect(form.get('Action')).toBe('CreateLaunchTemplate');
    expect(form.get('LaunchTemplateData.ImageId')).toBe('ami-0abc');
    expect(form.get('LaunchTemplateData.InstanceInitiatedShutdownBehavior')).toBe('terminate');
    expect(form.get('LaunchTemplateData.MetadataOptions.HttpTokens')).toBe('required');
    expect(stack.resources.get(stack.logicalIdAt('Pool'))?.ref).toBe('lt-0123');
    expect(stack.outputs['Zones']).toBe('us-east-1a,us-east-1b');
  });

  it('counts what its functions ask of AWS', async () => {
    const calls = Object.fromEntries(
      stack.counts().aws.map(({ api, action, calls }) => [`${api}:${action}`, calls]),
    );
    expect(calls).toEqual({ 'ec2:CreateLaunchTemplate': 1, 'sqs:SendMessage': 5, 'dynamodb:PutItem': 5 });
  });

  it('can be removed as CloudFormation would', async () => {
    await stack.removeStack();
    expect(stack.resources.size).toBe(0);
    expect(new URLSearchParams(ec2Requests.at(-1)?.body).get('Action')).toBe('DeleteLaunchTemplate');
    await expect(fetch(stack.outputs['Url'] ?? '')).rejects.toThrow('fetch failed');
  });
});
