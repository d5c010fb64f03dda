/** Goal: the CLI works on a deployed stack. Method: its adapters, through the SDK, against the emulated SSM, SQS and DynamoDB. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDeployedStack } from '../../bin/adapters/deployed-stack.ts';
import { createDynamoLedger, ledgerClient } from '../../lambdas/adapters/dynamodb-ledger.ts';
import { systemClock } from '../../lambdas/adapters/system.ts';
import { placesParameter } from '../../lambdas/contracts/places.ts';
import { type DynamoDb, startDynamoDb } from '../../local/aws/dynamodb.ts';
import { DYNAMODB_ALLOWED } from '../../local/aws/dynamodb-allowed.ts';
import { type FrontDoor, jsonBackend, rawBackend } from '../../local/aws/front-door.ts';
import { type Sqs, startSqs } from '../../local/aws/sqs.ts';
import { SQS_ALLOWED } from '../../local/aws/sqs-allowed.ts';
import { createSsm, SSM_ALLOWED, type Ssm } from '../../local/aws/ssm.ts';
import { createClock } from '../../local/clock.ts';
import { openJob } from '../contract/items.ts';
import { createLedgerTable } from '../contract/ledger-table.ts';
import { clientConfig, errorAnswer, openDoor } from '../contract/local-aws.ts';
import { jobEventOf, runLine } from './rig.ts';

let door: FrontDoor & { readonly log: readonly string[] };
let dynamo: DynamoDb;
let sqs: Sqs;
let ssm: Ssm;
let urls = { jobs: { url: '', parkedUrl: '' }, instances: { url: '', parkedUrl: '' } };
let stacks = 0;

beforeAll(async () => {
  door = await openDoor();
  dynamo = await startDynamoDb();
  await createLedgerTable(dynamo, 'ledger');
  const identity = { region: 'us-east-1', account: '111122223333' };
  sqs = startSqs({ ...identity, clock: createClock({ epochMs: 0, speed: 1 }), frontDoor: door.url });
  ssm = createSsm(identity);
  door.attach('dynamodb', rawBackend(dynamo.handle, 'json', DYNAMODB_ALLOWED));
  door.attach('sqs', jsonBackend(sqs.handle, SQS_ALLOWED));
  door.attach('ssm', jsonBackend(ssm.handle, SSM_ALLOWED));
});
afterAll(async () => {
  await door.close();
  await Promise.all([sqs.close(), dynamo.close()]);
  expect(door.log).toEqual([]);
});

let name = '';
beforeEach(async () => {
  stacks += 1;
  name = `Stack${stacks}`;
  const queue = (kind: string) =>
    sqs.createQueue({ name: `${name}-${kind}`, visibilitySeconds: 30, delaySeconds: 0 });
  urls = {
    jobs: { url: await queue('jobs'), parkedUrl: await queue('jobs-parked') },
    instances: { url: await queue('instances'), parkedUrl: await queue('instances-parked') },
  };
  const places = { v: 1, stackId: 'abcd1234', ledgerTable: 'ledger', queues: urls };
  ssm.put(placesParameter(name), JSON.stringify(places));
});

const aws = () => clientConfig(door.url);
const park = (body: unknown) =>
  sqs.call('SendMessage', { QueueUrl: urls.jobs.parkedUrl, MessageBody: JSON.stringify(body) });
const bodiesIn = async (QueueUrl: string) => {
  const { Messages = [] } = await sqs.call('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
  return (Messages as readonly { readonly Body: string }[]).map(({ Body }) => JSON.parse(Body));
};

const mayfly = (...args: readonly string[]) =>
  runLine(args, {
    open: async (target) => openDeployedStack(target.kind === 'stack' ? target.name : '', aws()),
  });

describe('mayfly dlq over a deployed stack', () => {
  it('lists and changes nothing: a replay right after it sends all, each after a look into the ledger', async () => {
    const ledger = createDynamoLedger({ client: ledgerClient(aws()), table: 'ledger', clock: systemClock });
    await ledger.write(openJob('43', undefined, { fact: 'completed' }));
    const jobs = ['42', '43', '44'].map((jobId) => jobEventOf({ jobId }));
    for (const event of jobs) await park(event);
    const listed = JSON.parse((await mayfly('dlq', 'list', '--stack', name, '--json')).out);
    expect(listed.queues[0]).toMatchObject({ seen: 3, isWhole: true });
    const verdicts = listed.queues[0].messages.map((one: { jobId: string; verdict: string }) => [
      one.jobId,
      one.verdict,
    ]);
    expect(verdicts.sort()).toEqual([
      ['42', 'replay'],
      ['43', 'over'],
      ['44', 'replay'],
    ]);
    expect(await mayfly('dlq', 'replay', '--stack', name, '--all')).toMatchObject({ code: 0 });
    const sent = await bodiesIn(urls.jobs.url);
    expect(sent.map(({ jobId }) => jobId).sort()).toEqual(['42', '44']);
    expect(sent.find(({ jobId }) => jobId === '42')).toEqual(jobs[0]);
    expect(await bodiesIn(urls.jobs.parkedUrl)).toEqual([jobs[1]]);
  });

  it('says which call a replay failed in, and the message stays parked', async () => {
    await park(jobEventOf());
    door.faults.before('sqs', 'SendMessage', errorAnswer('ThrottlingException', 400), { times: 3 });
    const { code, out } = await mayfly('dlq', 'replay', '--stack', name, '--all');
    expect({ code, left: door.faults.left() }).toEqual({ code: 1, left: 0 });
    expect(out).toContain('NOT SENT (ThrottlingException)');
    expect(await bodiesIn(urls.jobs.parkedUrl)).toHaveLength(1);
  });

  it.each([
    [
      'a stack that is not there',
      'Nowhere',
      undefined,
      /^--stack: want a deployed Mayfly stack, but SSM has no/,
    ],
    ['a stack of another kind', 'Other', '{}', /^\/mayfly\/Other\/places: want the places of a Mayfly stack/],
  ] as const)('says in one sentence that it got %s', async (_, stack, value, sentence) => {
    if (value !== undefined) ssm.put(placesParameter(stack), value);
    const { code, err } = await mayfly('dlq', 'list', '--stack', stack);
    expect(code).toBe(2);
    expect(err).toMatch(sentence);
  });

  it.each([
    ['AccessDeniedException', /want ssm:GetParameter on it, got AccessDeniedException/],
    ['ExpiredTokenException', /^AWS credentials: want some that work, got ExpiredTokenException/],
    ['InternalServerError', /SSM did not answer \(InternalServerError\)/],
  ])('says in one sentence what to do about %s', async (code, sentence) => {
    door.faults.before('ssm', 'GetParameter', errorAnswer(code, 400), { times: 1 });
    const answer = await mayfly('dlq', 'list', '--stack', name);
    expect({ code: answer.code, left: door.faults.left() }).toEqual({ code: 2, left: 0 });
    expect(answer.err).toMatch(sentence);
  });
});
