import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sign } from '@octokit/webhooks-methods';
import { killCallerAfter } from '../../../local/aws/faults.ts';
import { readJitConfig } from '../../../local/github/jit.ts';
import { dumpLedger } from '../../../local/run/folder.ts';
import { type Assembly, assemble, type LocalStage, openLocalStage } from './local-world.ts';

let assembly: Assembly;
let stage: LocalStage | undefined;

beforeAll(async () => {
  assembly = await assemble();
}, 120_000);
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});
afterAll(() => assembly?.remove());

const open = async (): Promise<LocalStage> => {
  stage = await openLocalStage(assembly);
  return stage;
};
const registrationsEver = ({ world }: LocalStage) => world.forge.model.truth.issued(world.clock.now());

describe('the whole path, over the synthesized template and the real bundles', () => {
  it('gives each job a runner that runs it and is gone, and writes no secret anywhere', async () => {
    const local = await open();
    local.queue(3);
    const { jobs, runners } = await local.untilQuiet();
    expect(jobs.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    expect(runners).toHaveLength(3);
    expect(registrationsEver(local).map(({ sessions, removedBy }) => [sessions, removedBy])).toEqual(
      registrationsEver(local).map(() => [1, 'job']),
    );
    const name = local.folder.split('/').at(-1) ?? '';
    const log = { name, path: local.folder, logs: `${local.folder}/logs`, write: () => {} };
    expect(await dumpLedger(local.world.stack, log)).toBeGreaterThan(3);
    const text = local.written();
    expect(text).toContain('claim-granted');
    expect(local.jitsSent).toHaveLength(3);
    for (const encoded of local.jitsSent) {
      const { key } = readJitConfig(encoded);
      for (const secret of [encoded, key, Buffer.from(key).toString('base64').slice(0, 60)]) {
        expect(text.includes(secret)).toBe(false);
      }
    }
    expect(text.includes(local.world.forge.webhookSecret)).toBe(false);
  });

  it('loses and doubles nothing when dispatch dies between CreateFleet and its ledger write', async () => {
    const local = await open();
    local.world.stack.faults.before('ec2', 'CreateFleet', killCallerAfter);
    local.queue(2);
    const { jobs, runners } = await local.untilQuiet();
    expect(local.world.stack.faults.left()).toBe(0);
    expect(jobs.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(runners).toHaveLength(2);
    expect(registrationsEver(local)).toHaveLength(2);
  });

  it('loses nothing and delivers nothing twice when claim dies between the mint and its answer', async () => {
    const local = await open();
    const claim = local.functionId('Claim');
    local.afterMint((minted) => {
      if (minted === 1) local.world.stack.kill(claim);
    });
    local.queue(1);
    const { jobs } = await local.until('done', (snapshot) =>
      snapshot.jobs.every(({ state }) => state === 'done'),
    );
    expect(jobs).toHaveLength(1);
    const [lost, used] = registrationsEver(local);
    expect(lost).toMatchObject({ sessions: 0, jobId: null });
    expect(used).toMatchObject({ sessions: 1, jobId: jobs[0]?.jobId });
    await local.untilQuiet();
    expect(registrationsEver(local)).toHaveLength(2);
  });

  it('never answers a claim again whose answer was lost after it was written: another machine takes the job', async () => {
    const local = await open();
    local.world.stack.faults.before('dynamodb', 'PutItem', killCallerAfter, {
      when: ({ parameters }) => /"deliveredAt":\{"N":/.test(JSON.stringify(parameters)),
    });
    local.queue(1);
    const { jobs, runners } = await local.untilQuiet();
    expect(local.world.stack.faults.left()).toBe(0);
    expect(jobs.map(({ state }) => state)).toEqual(['done']);
    expect(runners.length).toBeGreaterThan(1);
    expect(registrationsEver(local).filter(({ sessions }) => sessions > 0)).toHaveLength(1);
  });

  it('launches once for a webhook that comes twice, and queues nothing for one it does not trust', async () => {
    const local = await open();
    const { forge, stack, clock } = local.world;
    const url = stack.outputs['WebhookUrl'] ?? '';
    local.queue(1);
    await local.until('launched', ({ runners }) => runners.length === 1);
    const payload = { action: 'queued', ...replayed(local) };
    const body = JSON.stringify(payload);
    const post = (signature: string) =>
      fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
      });
    expect((await post(await sign(forge.webhookSecret, body))).status).toBe(202);
    expect((await post(await sign('not-the-secret-of-this-stack', body))).status).toBe(401);
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1_048_577) })).status).toBe(413);
    const { runners } = await local.untilQuiet();
    expect(runners).toHaveLength(1);
    expect(forge.model.truth.jobs(clock.now())).toHaveLength(1);
  });

  it('refuses a claim that nobody signed, with one constant answer, and mints nothing', async () => {
    const local = await open();
    const claim = {
      protocolVersion: 1,
      stackId: '00000000',
      identity: 'A'.repeat(1_600),
      boot: '0'.repeat(64),
      agentVersion: '1',
    };
    for (const body of ['{}', JSON.stringify(claim), 'x'.repeat(20_000)]) {
      const answer = await fetch(local.world.stack.outputs['ClaimUrl'] ?? '', { method: 'POST', body });
      expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([
        403,
        '{"refused":true}',
        'no-store',
      ]);
    }
    expect(registrationsEver(local)).toEqual([]);
  });

  it('strands nothing when the stack is removed while machines boot', async () => {
    const local = await open();
    local.queue(3);
    await local.until('launched', ({ runners }) => runners.length === 3);
    await local.world.stack.removeStack();
    const { runners } = await local.until('ended', (snapshot) =>
      snapshot.runners.every(({ state }) => state === 'gone'),
    );
    expect(runners.length).toBeGreaterThanOrEqual(3);
    expect(local.world.forge.model.truth.registrations(local.world.clock.now())).toEqual([]);
  });
});

/** The payload of the first job's announcement, as GitHub would deliver it once more. */
function replayed({ world }: LocalStage): Record<string, unknown> {
  const [job] = world.forge.model.truth.jobs(world.clock.now());
  const answer = world.forge.model.request(
    {
      method: 'GET',
      path: `/repos/${job?.repository ?? ''}/actions/jobs/${job?.jobId ?? ''}`,
      caller: { kind: 'app' },
    },
    world.clock.now(),
  );
  const owner = { id: 1, login: 'acme', type: 'Organization' };
  return {
    workflow_job: {
      ...Object(answer.body),
      id: Number(job?.jobId),
      run_id: Number(job?.runId),
      run_attempt: 1,
      name: 'test',
      head_sha: 'a'.repeat(40),
      labels: job?.labels,
      status: 'queued',
      created_at: '2026-11-02T12:00:00Z',
    },
    repository: {
      id: 1,
      full_name: job?.repository,
      private: true,
      visibility: 'private',
      fork: false,
      owner,
    },
    installation: { id: 1 },
  };
}
