import { describe, expect, it } from '@jest/globals';
import type { AdmissionRules } from '../../lambdas/contracts/admission.ts';
import type { GuardAnswer, GuardRequest } from '../../lambdas/contracts/guard.ts';
import { answerGuard } from '../../lambdas/flow/guard.ts';
import type { RepositoryContent } from '../../local/github/content.ts';
import { createStage, type Stage } from './stage.ts';

const MINUTE = 60_000;
const SHA = 'a5ac7e51b41094c92402da3b24376905380afc29';

interface Served {
  readonly stage: Stage;
  readonly instanceId: string;
  readonly token: string;
  readonly runId: string;
  readonly jobId: string;
}

/** A machine that claimed its registration for one admitted job. */
async function served(
  rules: AdmissionRules = {},
  event = 'push',
  content: RepositoryContent = {},
): Promise<Served> {
  const stage = createStage({ pool: { admission: { publicRepositories: false, forks: false, rules } } });
  stage.github.setContent('acme/app', content);
  const [job] = stage.queue(1, undefined, { event, headSha: SHA });
  await stage.dispatch(stage.messages());
  const [instance] = stage.ec2.instances(stage.clock.now());
  const instanceId = instance?.instanceId ?? '';
  await stage.pass(MINUTE / 2);
  const answer = await stage.claim(instanceId);
  if (!('reportToken' in answer.body)) throw new Error(`want a delivery, got ${answer.statusCode}`);
  const token = answer.body.reportToken;
  return {
    stage,
    instanceId,
    token,
    jobId: job?.jobId ?? '',
    runId: stage.github.truth.job(job?.jobId ?? '', stage.clock.now())?.runId ?? '',
  };
}

const repositoryIdOf = ({ stage }: Served): string => stage.items('job')[0]?.repository.id ?? '';

async function ask(one: Served, change: Partial<GuardRequest> = {}, token = one.token) {
  const { stage, instanceId, runId } = one;
  const question: GuardRequest = {
    ...{
      protocolVersion: 1,
      instanceId,
      repository: 'acme/app',
      repositoryId: repositoryIdOf(one),
      runId,
      runAttempt: 1,
    },
    ...{
      workflowRef: 'acme/app/.github/workflows/ci.yml@refs/heads/main',
      workflowSha: SHA,
      event: 'push',
      actor: 'ann',
    },
    ...change,
  };
  const { world } = stage;
  const reply = await answerGuard(
    { body: Buffer.from(JSON.stringify(question)), authorization: `Bearer ${token}` },
    { ...world, settings: world.deployment.settings, isSame: (a, b) => a === b },
  );
  return reply.statusCode === 200 ? (reply.body as GuardAnswer).decision : reply.statusCode;
}

const lookUps = ({ stage }: Served): number =>
  [...stage.github.truth.calls()].reduce(
    (sum, [route, count]) => (route.startsWith('GET ') ? sum + count : sum),
    0,
  );
const runner = ({ stage }: Served) => stage.items('runner')[0];

/** Another run of the same labels, that nobody announced, and its ids. */
function stranger({ stage }: Served, wish: { headRepository?: string | null; event?: string } = {}): string {
  const [job] = stage.queue(1, undefined, wish);
  return stage.github.truth.job(job?.jobId ?? '', stage.clock.now())?.runId ?? '';
}

describe('the job-started check', () => {
  it('allows a job of an admitted run without asking GitHub, and marks the runner busy with it', async () => {
    const one = await served();
    const before = lookUps(one);
    expect(await ask(one)).toBe('allow');
    expect(lookUps(one)).toBe(before);
    expect(runner(one)).toMatchObject({ rank: 'busy', run: { runId: one.runId, runAttempt: 1 } });
    expect(await ask(one)).toBe('allow');
  });

  it('admits another run on its own facts when GitHub gave its job to this runner', async () => {
    const one = await served();
    const runId = stranger(one);
    expect(await ask(one, { runId })).toBe('allow');
    expect(runner(one)).toMatchObject({ rank: 'busy', run: { runId } });
  });

  it.each<[string, { headRepository?: string | null; event?: string }, Partial<GuardRequest>]>([
    ['a fork', { headRepository: null, event: 'pull_request' }, {}],
    ['another event than GitHub says', {}, { event: 'schedule' }],
    [
      'another workflow than GitHub says',
      {},
      { workflowRef: 'acme/app/.github/workflows/x.yml@refs/heads/main' },
    ],
    ['another repository than GitHub says', {}, { repositoryId: '999' }],
  ])('denies a run of %s, ends the machine and cancels the run', async (_what, wish, change) => {
    const one = await served();
    const runId = stranger(one, wish);
    expect(
      await ask(one, { runId, event: 'push' in wish ? 'push' : (wish.event ?? 'push'), ...change }),
    ).toBe('deny');
    expect(runner(one)).toMatchObject({ intent: { end: 'guard-denied' } });
    expect(one.stage.counts.filter(({ metric }) => metric === 'GuardDenied')).toHaveLength(1);
    expect(
      one.stage.github.truth.calls().get('POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel'),
    ).toBe(1);
  });

  it('denies a run that GitHub does not know', async () => {
    const one = await served();
    expect(await ask(one, { runId: '404' })).toBe('deny');
  });

  it('denies a job that was denied before, once its webhook tells which it is', async () => {
    const rules = { environments: { names: ['production'], reviewersMin: 0, branchPolicy: false } };
    const stage = createStage({ pool: { admission: { publicRepositories: false, forks: false, rules } } });
    const labels = ['self-hosted', 'linux', 'x64'];
    const jobs = [
      { name: 'ship', labels, environment: 'production' },
      { name: 'sneak', labels },
    ];
    const run = stage.github.createRun(
      { repository: 'acme/app', event: 'push', actor: 'ann', headSha: SHA, jobs },
      stage.clock.now(),
    );
    stage.github.approveJob(run.jobs[0]?.jobId ?? '', stage.clock.now());
    await stage.dispatch(stage.messages());
    const [instance] = stage.ec2.instances(stage.clock.now());
    await stage.pass(MINUTE / 2);
    const claimed = await stage.claim(instance?.instanceId ?? '');
    if (!('reportToken' in claimed.body)) throw new Error(`want a delivery, got ${claimed.statusCode}`);
    const one: Served = {
      ...{ stage, instanceId: instance?.instanceId ?? '', token: claimed.body.reportToken },
      ...{ runId: run.runId, jobId: run.jobs[1]?.jobId ?? '' },
    };
    // The run has an admitted job and a denied one: which of them is it?
    expect(await ask(one)).toBe('later');
    const item = runner(one);
    if (item === undefined) throw new Error('want a runner');
    await stage.ledger.write({ ...item, job: one.jobId });
    expect(await ask(one)).toBe('deny');
    const again = runner(one);
    if (again === undefined) throw new Error('want a runner');
    await stage.ledger.write({
      ...again,
      job: run.jobs[0]?.jobId ?? '',
      intent: { ...again.intent, end: null },
    });
    expect(await ask(one)).toBe('allow');
  });

  it('judges the workflow file of a pull request at the very commit that runs, a merge that no API names', async () => {
    const [pinned, loose] = [SHA, 'v1'].map(
      (ref) => `jobs: { a: { steps: [ { uses: acme/tool@${ref} } ] } }`,
    );
    const merge = 'b'.repeat(40);
    const path = '.github/workflows/ci.yml';
    const files = { [path]: pinned ?? '' };
    const one = await served({ actionsPinned: {} }, 'pull_request', {
      files,
      commits: { [merge]: { [path]: loose ?? '' } },
    });
    const before = lookUps(one);
    expect(await ask(one, { event: 'pull_request' })).toBe('allow');
    expect(lookUps(one)).toBeGreaterThan(before);
    expect(await ask(one, { event: 'pull_request', workflowSha: merge })).toBe('deny');
  });

  it('asks to come again while GitHub or the ledger does not answer', async () => {
    const one = await served();
    const runId = stranger(one);
    const busy = { kind: 'busy', code: 'http-502', retryAfterMs: 1 } as const;
    one.stage.spoil('github.run', { when: 'before', fault: busy });
    expect(await ask(one, { runId })).toBe('later');
    one.stage.spoil('ledger.read', { when: 'before', fault: busy });
    expect(await ask(one, { runId })).toBe(503);
    expect(await ask(one, { runId })).toBe('allow');
  });

  it.each([
    ['another token', {}, 'x'.repeat(43)],
    ['no token', {}, ''],
    ['another runner', { instanceId: 'i-0fffffffffffffff0' }, undefined],
    ['another protocol', { protocolVersion: 9 }, undefined],
    ['a repository that is none', { repository: '../../etc' }, undefined],
  ])('refuses a question with %s, and tells nothing', async (_what, change, token) => {
    const one = await served();
    expect(await ask(one, change, token)).toBe(403);
  });
});
