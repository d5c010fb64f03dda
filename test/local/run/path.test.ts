import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { CLAIM_BYTES_MAX, CLAIM_REFUSED } from '../../../lambdas/contracts/claim.ts';
import { PROTOCOL_VERSION } from '../../../lambdas/contracts/text.ts';
import type { Call, Fault } from '../../../local/aws/faults.ts';
import type { Delivery, SignedDelivery } from '../../../local/github/deliveries.ts';
import { readJitConfig } from '../../../local/github/jit.ts';
import type { GitHubModel } from '../../../local/github/model.ts';
import { createRegionCertificate, signContent } from '../../../local/identity/sign.ts';
import { isObject } from '../../../local/json.ts';
import { dumpLedger } from '../../../local/run/folder.ts';
import { LOCAL_REGION } from '../../../local/run/region.ts';
import {
  aroundMint,
  at,
  awsCalls,
  idOf,
  instanceOf,
  invocations,
  isQuiet,
  LABELS,
  logged,
  STAGE_TEST_MS,
  type Stage,
  until,
  withStage,
} from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);

interface Example {
  readonly action: string;
  readonly workflow_job: object;
}
const examples: readonly { readonly name: string; readonly examples: readonly Example[] }[] = createRequire(
  import.meta.url,
)('@octokit/webhooks-examples');

/** A text as itself, and as it looks inside base64 at each of the three places where it may begin there. */
function formsOf(secret: string): readonly string[] {
  const shifted = [0, 1, 2].map((by) => {
    const encoded = Buffer.from('\0'.repeat(by) + secret).toString('base64');
    // The characters at both ends also depend on what stands beside the text.
    return encoded.slice(by === 0 ? 0 : 4, -4);
  });
  return [secret, ...shifted];
}

const filesBelow = (path: string): readonly string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Files below a folder that hold any of these texts. */
const filesWith = (path: string, texts: readonly string[]): readonly string[] =>
  filesBelow(path).filter((file) => {
    const content = readFileSync(file);
    return texts.some((text) => content.includes(text));
  });

/** Lets every call pass and keeps what it carried. */
function recorder(stage: Stage, actions: readonly string[]): readonly Call[] {
  const calls: Call[] = [];
  const keep: Fault = (call, proceed) => {
    calls.push(call);
    return proceed();
  };
  for (const one of actions) {
    const [api = '', action = ''] = one.split('.');
    stage.stack.faults.before(api, action, keep, { times: Number.POSITIVE_INFINITY });
  }
  return calls;
}

/** Every action of AWS by which a function could put something somewhere. */
const WRITES = [
  'dynamodb.PutItem',
  'sqs.SendMessage',
  'ec2.CreateFleet',
  'ec2.ModifyInstanceMetadataOptions',
];
const READS = /\.(Get|BatchGet|Query|Describe|Sign$)/;

const actionsOf = ({ stack }: Stage): readonly string[] =>
  stack.counts().aws.map(({ api, action }) => `${api}.${action}`);

/**
 * The dispatch launched once, and no machine came unasked; gives the one registration that was used. (On a busy machine
 * the sweep may find a running job that still counts as queued: each such launch is one more machine, which goes unused.)
 */
function expectOneLaunch(stage: Stage, calls: readonly Call[]) {
  const launches = calls.filter(({ action }) => action === 'CreateFleet');
  const bySweep = launches.filter(({ caller }) => caller === idOf(stage, 'Sweep')).length;
  expect(launches).toHaveLength(1 + bySweep);
  expect(stage.snapshot().runners).toHaveLength(1 + bySweep);
  expect(stage.issued().length).toBeLessThanOrEqual(1 + bySweep);
  const [used, ...more] = stage.issued().filter(({ jobId }) => jobId !== null);
  expect(more).toEqual([]);
  return used;
}

describe('one queued job', () => {
  it('becomes one runner that truly runs its steps and is gone, with its key written nowhere', async () => {
    const keys: string[] = [];
    const overGitHub = aroundMint((mint) => {
      const answer = mint();
      const body = isObject(answer.body) ? answer.body : {};
      keys.push(readJitConfig(String(body['encoded_jit_config'])).key);
      return answer;
    });
    await withStage({ overGitHub }, async (stage) => {
      const setUp = actionsOf(stage);
      const calls = recorder(stage, WRITES);
      const [jobId = ''] = stage.queue({
        steps: [
          { name: 'write', run: 'echo "$RUNNER_NAME ran" > kept' },
          { name: 'prove', run: `cp kept ${stage.proofs}/kept` },
        ],
      });
      await until(stage, 'the job is over and nothing is left', () => isQuiet(stage));

      expect(stage.snapshot().jobs).toMatchObject([{ jobId, state: 'done' }]);
      const used = expectOneLaunch(stage, calls);
      expect(used).toMatchObject({ jobId, sessions: 1, conflicts: 0, removedBy: 'job' });
      const name = used?.name ?? 'none';
      expect(readFileSync(join(stage.proofs, 'kept'), 'utf8')).toBe(`${name} ran\n`);

      expect(keys).toHaveLength(stage.issued().length);
      const forms = [...keys, stage.forge.webhookSecret].flatMap(formsOf);
      const unwatched = actionsOf(stage).filter((one) => ![...setUp, ...WRITES].includes(one));
      expect(unwatched.filter((one) => !READS.test(one))).toEqual([]);
      const written = JSON.stringify(calls.map(({ parameters }) => parameters));
      expect(forms.filter((form) => written.includes(form))).toEqual([]);
      expect(written).toContain(name);
      expect((await dumpLedger(stage.stack, stage.folder)).length).toBeGreaterThan(0);
      expect(filesWith(stage.folder.path, forms)).toEqual([]);
      expect(filesWith(stage.folder.path, [name])).toContain(join(stage.folder.path, 'ledger.jsonl'));
    });
  });
});

/** Posts a webhook as it was signed once before; tells the status code. */
const post = async (stage: Stage, signed: SignedDelivery): Promise<number> =>
  (await fetch(stage.stack.outputs['WebhookUrl'] ?? '', { method: 'POST', ...signed })).status;

/** Resolves when all that was queued so far is worked off. */
async function digested(stage: Stage): Promise<void> {
  const { emulators, outputs } = stage.stack;
  await until(stage, 'the jobs queue is empty', async () => {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const parameters = { QueueUrl: outputs['JobsQueueUrl'] ?? '', AttributeNames };
    const { Attributes } = await emulators.sqs.call('GetQueueAttributes', parameters);
    return AttributeNames.every((name) => at(Attributes, name) === '0');
  });
}

/** Resolves when a whole sweep has passed: the first to end may have begun before. */
async function swept(stage: Stage): Promise<void> {
  const before = invocations(stage, 'Sweep');
  await until(stage, 'two sweeps ended', () => invocations(stage, 'Sweep') >= before + 2);
}

describe('webhooks', () => {
  it('launch one instance for a job, however often its queued event is delivered', async () => {
    const queued: SignedDelivery[] = [];
    const overGitHub = (model: GitHubModel): GitHubModel => ({
      ...model,
      signed: (delivery) => {
        const signed = model.signed(delivery);
        if (delivery.event.action === 'queued') queued.push(signed);
        return signed;
      },
    });
    await withStage({ overGitHub }, async (stage) => {
      const calls = recorder(stage, ['ec2.CreateFleet']);
      stage.forge.model.setFaults({ hookDuplicated: 1 });
      stage.queue({ steps: [{ name: 'wait', run: `until [ -f ${stage.proofs}/go ]; do sleep 0.05; done` }] });
      await until(stage, 'the job runs', () =>
        stage.snapshot().jobs.every(({ state }) => state === 'running'),
      );
      expect(queued).toHaveLength(2);
      expect(queued[1]).toEqual(queued[0]);
      for (const again of queued) expect(await post(stage, again)).toBe(202);
      await digested(stage);
      writeFileSync(join(stage.proofs, 'go'), '');
      await until(stage, 'the job is over and nothing is left', () => isQuiet(stage));
      for (const again of queued) expect(await post(stage, again)).toBe(202);
      await digested(stage);
      await swept(stage);
      expect(expectOneLaunch(stage, calls)?.removedBy).toBe('job');
    });
  });

  it('converge when completed comes before in_progress', async () => {
    const order: string[] = [];
    const late: Delivery[] = [];
    const overGitHub = (model: GitHubModel): GitHubModel => ({
      ...model,
      takeDeliveries: (now) => {
        const due = model.takeDeliveries(now);
        late.push(...due.filter(({ event }) => event.action === 'in_progress'));
        const punctual = due.filter(({ event }) => event.action !== 'in_progress');
        return order.includes('completed 202') ? [...punctual, ...late.splice(0)] : punctual;
      },
      recordDelivery: (delivery, receipt, now) => {
        order.push(`${delivery.event.action} ${receipt.statusCode}`);
        model.recordDelivery(delivery, receipt, now);
      },
    });
    await withStage({ overGitHub }, async (stage) => {
      const calls = recorder(stage, ['ec2.CreateFleet']);
      const [jobId = ''] = stage.queue({});
      await until(stage, 'the late event was taken', () => order.length === 3);
      expect(order).toEqual(['queued 202', 'completed 202', 'in_progress 202']);
      await digested(stage);
      await until(stage, 'nothing is left', () => isQuiet(stage));
      const used = expectOneLaunch(stage, calls);
      const instanceId = used === undefined ? '' : instanceOf(used);
      await until(stage, 'the end is recorded', async () => {
        const read = await stage.ledger.read('runner', instanceId);
        return read.ok && read.value?.rank === 'ended';
      });
      const [job, record] = await Promise.all([
        stage.ledger.read('job', jobId),
        stage.ledger.read('runner', instanceId),
      ]);
      expect(job).toMatchObject({
        value: {
          fact: 'completed',
          conclusion: 'success',
          runner: { instanceId },
          intent: { due: null },
        },
      });
      expect(record).toMatchObject({ value: { job: jobId, rank: 'ended', verdict: 'ran' } });
    });
  });

  it('are answered by what they are, and only what is signed and ours is queued', async () => {
    await withStage({}, async (stage) => {
      const url = stage.stack.outputs['WebhookUrl'] ?? '';
      const send = async (body: string, given: RequestInit = {}) => {
        const signature = createHmac('sha256', stage.forge.webhookSecret).update(body).digest('hex');
        const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` };
        const answer = await fetch(url, { method: 'POST', headers, body, ...given });
        return { status: answer.status, sentence: await answer.text() };
      };
      const wrong = { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } };
      const labelled = (labels: readonly string[]) => JSON.stringify(workflowJob(labels));
      const ours = labelled(LABELS);
      expect(await send(ours, { headers: {} })).toMatchObject({ status: 401 });
      expect(await send(ours, wrong)).toMatchObject({ status: 401 });
      expect(await send(ours, { headers: { 'x-hub-signature-256': 'sha1=abc' } })).toMatchObject({
        status: 401,
      });
      expect(await send('x'.repeat(1_048_577))).toMatchObject({ status: 413 });
      expect(await send('', { method: 'GET', body: null })).toMatchObject({ status: 405 });
      expect(await send('', { method: 'PUT' })).toMatchObject({ status: 405 });
      const ignored = [
        'not json',
        `payload=${encodeURIComponent(ours)}`,
        '[]',
        '{"zen":"Keep it logically awesome."}',
        JSON.stringify({ ...workflowJob(LABELS), workflow_job: null }),
        JSON.stringify({ ...workflowJob(LABELS), action: 'invented' }),
        labelled(['ubuntu-latest']),
      ];
      for (const body of ignored) {
        expect(await send(body)).toEqual({ status: 200, sentence: expect.stringMatching(/^[A-Z].*\.$/) });
      }
      expect(awsCalls(stage, 'SendMessage')).toBe(0);
      expect(await send(ours)).toMatchObject({ status: 202 });
      expect(awsCalls(stage, 'SendMessage')).toBe(1);
    });
  });
});

/** A claim of a launched instance that never boots: the test speaks for it, with the region's own key or another. */
async function stranger(stage: Stage) {
  const { region, stack, clock } = stage;
  const instanceId = await until(
    stage,
    'an instance is launched',
    () => stage.snapshot().runners[0]?.instanceId,
  );
  const launched = async () => {
    const read = await stage.ledger.read('runner', instanceId);
    return read.ok ? read.value : undefined;
  };
  await until(stage, 'the launch is recorded', launched);
  const document = region.model.identityDocument(instanceId);
  const sign = (text: string, key = region.key) => signContent(Buffer.from(text), key, clock.now());
  const honest = {
    protocolVersion: PROTOCOL_VERSION,
    stackId: stack.outputs['StackId'],
    identity: sign(document),
    boot: 'a'.repeat(64),
    agentVersion: '1',
  };
  const claim = async (change: object = {}, text?: string) => {
    const body = text ?? JSON.stringify({ ...honest, ...change });
    const answer = await fetch(stack.outputs['ClaimUrl'] ?? '', { method: 'POST', body });
    return { status: answer.status, body: await answer.text(), headers: [...answer.headers.keys()].sort() };
  };
  return { instanceId, document, sign, claim, launched };
}

describe('claims', () => {
  it('that are forged, foreign, stale or repeated get 403 with one constant body, and nothing is minted', async () => {
    await withStage({ knobs: { neverBootsShare: 1 } }, async (stage) => {
      stage.queue({});
      const { instanceId, document, sign, claim, launched } = await stranger(stage);
      const changed = (field: string, value: string) =>
        sign(document.replace(new RegExp(`("${field}" : )"[^"]*"`), `$1"${value}"`));
      const longAgo = new Date(stage.clock.now() - 3_600_000).toISOString().replace(/\.\d+Z/, 'Z');
      const refusals: readonly (readonly [reason: string, change: object, text?: string])[] = [
        ['identity-signature', { identity: sign(document, await createRegionCertificate(LOCAL_REGION)) }],
        ['claim-foreign-account', { identity: changed('accountId', '123456789012') }],
        ['claim-foreign-account', { identity: changed('region', 'eu-west-1') }],
        ['claim-unknown-instance', { identity: changed('instanceId', 'i-0123456789abcdef0') }],
        ['claim-mismatch', { identity: changed('imageId', 'ami-0123456789abcdef0') }],
        ['claim-stale', { identity: changed('pendingTime', longAgo) }],
        ['claim-other-stack', { stackId: 'zzzzzzzz' }],
        ['claim-protocol', { protocolVersion: PROTOCOL_VERSION + 1 }],
        ['identity-unreadable', { identity: 'A'.repeat(1_500) }],
        ['claim-unreadable', {}, '{}'],
        ['claim-too-large', {}, 'x'.repeat(CLAIM_BYTES_MAX + 1)],
      ];
      const answers = [];
      for (const [, change, text] of refusals) answers.push(await claim(change, text));
      expect(stage.issued()).toEqual([]);

      const granted = await claim();
      expect(granted.status).toBe(200);
      answers.push(await claim({ boot: 'b'.repeat(64) }));
      expect((await claim()).status).toBe(429);
      const delivered = await launched();
      const leaseUntil = delivered?.intent.leaseUntil ?? Number.POSITIVE_INFINITY;
      await until(stage, 'the lease of the claim is over', () => stage.clock.now() > leaseUntil);
      answers.push(await claim());
      expect(stage.issued()).toHaveLength(1);

      const constant = { ...answers[0], status: 403, body: JSON.stringify(CLAIM_REFUSED) };
      expect(answers).toEqual(answers.map(() => constant));
      const reasons = [...refusals.map(([reason]) => reason), 'claim-other-boot', 'claim-lost-answer'];
      expect(logged(stage, 'claim-refused').map(({ reason }) => reason)).toEqual(reasons);
      await until(stage, 'the registration of the lost answer is deleted and its instance ended', () => {
        const state = stage.snapshot().runners.find((runner) => runner.instanceId === instanceId)?.state;
        return stage.issued()[0]?.removedBy === 'delete' && (state === 'ending' || state === 'gone');
      });
    });
  });
});

/** A `workflow_job` of a job that GitHub does not have: GitHub's own example with labels of ours. */
function workflowJob(labels: readonly string[]) {
  const example = examples
    .find(({ name }) => name === 'workflow_job')
    ?.examples.find(({ action }) => action === 'queued');
  if (example === undefined) throw new Error('no example of a queued workflow_job');
  return { ...example, workflow_job: { ...example.workflow_job, labels } };
}
