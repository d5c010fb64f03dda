/**
 * Goal: `mayfly why` gives the true reason of a job that is stuck. Method: the real flows over the models bring a job into each kind
 * of trouble; then the command is asked about it.
 */
import { describe, expect, it } from '@jest/globals';
import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import type { LedgerItem } from '../../lambdas/contracts/ledger.ts';
import type { Reason } from '../../lambdas/contracts/reasons.ts';
import { freshPool } from '../../lambdas/core/breaker.ts';
import { freshBudget, LAUNCH_BUCKET } from '../../lambdas/core/pacing.ts';
import { receiveJobs } from '../../lambdas/flow/receive-jobs.ts';
import type { Fault } from '../../lambdas/ports/outcome.ts';
import { STACK_ID } from '../core/fixtures.ts';
import { createStage, type Stage, type StageOptions } from '../flow/stage.ts';
import { runLine } from './rig.ts';
import { stackOf } from './stage-stack.ts';

const SPOT = ['m7i.large', 'c7i.large'].flatMap((type) =>
  ['us-east-1a', 'us-east-1b'].map((zone) => `${type}/${zone}/spot`),
);
const LIMITS = { lifetimeMaxMs: 3_600_000, idleMaxMs: 300_000, claimDeadlineMs: 300_000 };
const busy = (code: string): Fault => ({ kind: 'busy', code, retryAfterMs: 60_000 });

async function ask(stage: Stage, ...args: readonly string[]) {
  const { code, out, err } = await runLine(['why', '--stack', 'Mayfly', ...args], {
    open: async () => stackOf(stage),
  });
  return { code, text: out + err };
}

/** The messages of the jobs queue with something in the event changed. */
const changed = (stage: Stage, change: (event: JobEvent) => object) =>
  stage.messages().map(({ messageId, body }) => {
    const event: JobEvent = JSON.parse(body);
    return { messageId, body: JSON.stringify({ ...event, ...change(event) }) };
  });

const dispatched = async (stage: Stage) => {
  stage.queue();
  await stage.dispatch(stage.messages());
};
/** A dispatch that cannot write any more from the first such item on. */
async function dispatchedUntil(stage: Stage, isLast: (item: LedgerItem) => boolean): Promise<void> {
  stage.queue();
  const { ledger } = stage.world;
  let isDead = false;
  const write: typeof ledger.write = async (item) => {
    isDead ||= isLast(item);
    return isDead ? { ok: false, fault: busy('throttled') } : ledger.write(item);
  };
  await receiveJobs(stage.messages(), { ...stage.world, ledger: { ...ledger, write } });
}
const spoiledLaunch = (fault: Fault) => async (stage: Stage) => {
  stage.spoil('instances.launch', { when: 'before', fault });
  await dispatched(stage);
};
const instanceOf = (stage: Stage): string => stage.items('runner')[0]?.instanceId ?? '';

interface Stuck {
  readonly reason: Reason;
  readonly state: string;
  readonly options?: StageOptions;
  readonly bring: (stage: Stage) => Promise<unknown>;
  /** Seconds from now until it is looked at again; null: nobody can tell. */
  readonly withinS: number | null;
  /** Whether a person is told what to do. */
  readonly isAdvised: boolean;
}

const STUCK: Readonly<Record<string, Stuck>> = {
  'whose labels no pool serves': {
    ...{ reason: 'label-unknown', state: 'ignored', withinS: null, isAdvised: true },
    bring: async (stage) => {
      stage.queue(1, ['self-hosted', 'windows']);
      await stage.dispatch(stage.messages());
    },
  },
  'whose composite label names no pool': {
    ...{ reason: 'composite-unsupported', state: 'denied', withinS: null, isAdvised: true },
    bring: async (stage) => {
      stage.queue(1, ['mayfly/nowhere']);
      await stage.dispatch(stage.messages());
    },
  },
  'of a public repository': {
    ...{ reason: 'repository-public', state: 'denied', withinS: null, isAdvised: true },
    options: { visibility: 'public' },
    bring: dispatched,
  },
  'of a foreign owner': {
    ...{ reason: 'owner-not-allowed', state: 'denied', withinS: null, isAdvised: true },
    bring: async (stage) => {
      stage.queue();
      await stage.dispatch(
        changed(stage, ({ repository }) => ({ repository: { ...repository, ownerLogin: 'evil' } })),
      );
    },
  },
  'from a fork': {
    ...{ reason: 'run-from-fork', state: 'denied', withinS: null, isAdvised: true },
    bring: async (stage) => {
      stage.queue(1, ['self-hosted', 'linux', 'x64'], { headRepository: null });
      await stage.dispatch(stage.messages());
    },
  },
  'whose event names no installation': {
    ...{ reason: 'installation-missing', state: 'denied', withinS: null, isAdvised: true },
    bring: async (stage) => {
      stage.queue();
      await stage.dispatch(changed(stage, () => ({ installationId: null })));
    },
  },
  'whose run GitHub does not tell': {
    ...{ reason: 'fact-unreachable', state: 'held', withinS: 10, isAdvised: true },
    bring: async (stage) => {
      stage.spoil('github.run', { when: 'before', fault: busy('http-502') });
      await dispatched(stage);
    },
  },
  'that waits for an approval': {
    ...{ reason: 'waiting-for-approval', state: 'none', withinS: null, isAdvised: true },
    bring: async (stage) => {
      stage.queue();
      await stage.dispatch(changed(stage, () => ({ action: 'waiting', status: 'waiting' })));
    },
  },
  'whose dispatch died after its first write': {
    ...{ reason: 'received', state: 'held', withinS: 30, isAdvised: false },
    bring: (stage) => dispatchedUntil(stage, ({ kind, rev }) => kind !== 'job' || rev > 0),
  },
  'beyond the ceiling of its pool': {
    ...{ reason: 'pool-full', state: 'waiting', withinS: 30, isAdvised: true },
    options: { pool: { limits: { ...LIMITS, runnersMax: 1 } } },
    bring: async (stage) => {
      stage.queue();
      await stage.dispatch(stage.messages());
      stage.queue();
      await stage.dispatch(stage.messages());
    },
  },
  'without capacity anywhere': {
    ...{ reason: 'capacity-exhausted', state: 'waiting', withinS: 20, isAdvised: true },
    options: { exhausted: SPOT, pool: { market: 'spot' } },
    bring: dispatched,
  },
  'at a quota of the account': {
    ...{ reason: 'account-limit', state: 'waiting', withinS: 120, isAdvised: true },
    options: { pool: { market: 'on-demand' } },
    bring: spoiledLaunch({ kind: 'exhausted', code: 'VcpuLimitExceeded' }),
  },
  'whose launch EC2 refuses': {
    ...{ reason: 'launch-refused', state: 'waiting', withinS: 120, isAdvised: true },
    bring: spoiledLaunch({ kind: 'refused', code: 'UnauthorizedOperation' }),
  },
  'whose launch EC2 throttles': {
    ...{ reason: 'launch-throttled', state: 'waiting', withinS: 20, isAdvised: false },
    bring: spoiledLaunch(busy('RequestLimitExceeded')),
  },
  'whose launch got no answer': {
    ...{ reason: 'launch-unsure', state: 'launching', withinS: 0, isAdvised: false },
    bring: async (stage) => {
      stage.spoil('instances.launch', { when: 'after', fault: { kind: 'unsure', code: 'timeout' } });
      await dispatched(stage);
      await stage.pass(15_000);
    },
  },
  'whose dispatch died before its launch was frozen': {
    ...{ reason: 'launch-lost', state: 'launching', withinS: 90, isAdvised: false },
    bring: (stage) => dispatchedUntil(stage, ({ kind }) => kind === 'launch'),
  },
  'beyond the launch budget': {
    ...{ reason: 'launch-budget-spent', state: 'waiting', withinS: 1, isAdvised: false },
    bring: async (stage) => {
      const budget = freshBudget('launch', LAUNCH_BUCKET, stage.clock.now() + 5_000);
      await stage.ledger.write({ ...budget, tokens: 0 });
      await dispatched(stage);
    },
  },
  'whose pool never brings a machine online': {
    ...{ reason: 'pool-on-hold', state: 'waiting', withinS: 300, isAdvised: true },
    bring: async (stage) => {
      const probeAt = stage.clock.now() + 305_000;
      await stage.ledger.write({ ...freshPool('linux-x64'), neverOnline: 5, probeAt });
      await dispatched(stage);
    },
  },
  'while launches are stopped': {
    ...{ reason: 'launches-stopped', state: 'waiting', withinS: null, isAdvised: true },
    bring: async (stage) => {
      const at = stage.clock.now();
      const stop = { v: 1, rev: 0, kind: 'stop', name: 'all', at } as const;
      await stage.ledger.write({
        ...stop,
        stopped: false,
        reason: 'launches-stopped',
        pools: { 'linux-x64': at },
      });
      await dispatched(stage);
    },
  },
  'whose machine boots': {
    ...{ reason: 'launched', state: 'launching', withinS: 300, isAdvised: false },
    bring: dispatched,
  },
  'whose machine never asked in time': {
    ...{ reason: 'claim-deadline-over', state: 'launching', withinS: null, isAdvised: true },
    options: { knobs: { neverBootsShare: 1 } },
    bring: async (stage) => {
      await dispatched(stage);
      await stage.pass(301_000);
    },
  },
  'whose machine was ended before it asked': {
    ...{ reason: 'runner-never-claimed', state: 'waiting', withinS: 90, isAdvised: true },
    bring: async (stage) => {
      await dispatched(stage);
      await stage.world.instances.terminate([instanceOf(stage)]);
      await stage.pass(60_000);
    },
  },
  'whose registration GitHub postpones': {
    ...{ reason: 'registration-busy', state: 'launching', withinS: 600, isAdvised: false },
    bring: async (stage) => {
      await dispatched(stage);
      await stage.pass(10_000);
      stage.spoil('github.mint', { when: 'before', fault: busy('secondary-limit') });
      await stage.claim(instanceOf(stage));
    },
  },
  'whose registration GitHub refuses': {
    ...{ reason: 'registration-refused', state: 'launching', withinS: 120, isAdvised: true },
    bring: async (stage) => {
      await dispatched(stage);
      await stage.pass(10_000);
      stage.spoil('github.mint', { when: 'before', fault: { kind: 'refused', code: 'not-found' } });
      await stage.claim(instanceOf(stage));
    },
  },
  'whose metadata endpoint stays open': {
    ...{ reason: 'metadata-open', state: 'launching', withinS: 600, isAdvised: true },
    options: { knobs: { metadataStuckShare: 1 }, pool: { hardening: 'strict' } },
    bring: async (stage) => {
      await dispatched(stage);
      await stage.pass(10_000);
      await stage.claim(instanceOf(stage));
    },
  },
  'whose runner waits for GitHub to hand it over': {
    ...{ reason: 'claimed', state: 'launching', withinS: 300, isAdvised: false },
    bring: async (stage) => {
      await dispatched(stage);
      await stage.pass(10_000);
      await stage.claim(instanceOf(stage));
    },
  },
  'that was over when its event came': {
    ...{ reason: 'job-over', state: 'ignored', withinS: null, isAdvised: false },
    bring: async (stage) => {
      const [job] = stage.queue();
      const messages = stage.messages();
      stage.github.cancelJob(job?.jobId ?? '', stage.clock.now());
      await stage.pass(35 * 60_000);
      await stage.dispatch(messages);
    },
  },
  'that waited a day': {
    ...{ reason: 'queue-time-over', state: 'ignored', withinS: null, isAdvised: false },
    bring: async (stage) => {
      stage.queue();
      const messages = stage.messages();
      await stage.pass(25 * 3_600_000);
      await stage.dispatch(messages);
    },
  },
};

describe('mayfly why', () => {
  it('is asked about more than twenty kinds of trouble, each with a reason of its own', () => {
    const reasons = Object.values(STUCK).map(({ reason }) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(reasons.length).toBeGreaterThanOrEqual(20);
  });

  it.each(Object.entries(STUCK))('gives the true reason of a job %s', async (_, stuck) => {
    const stage = createStage(stuck.options);
    await stuck.bring(stage);
    const job = stage.items('job').toSorted((a, b) => (a.jobId < b.jobId ? 1 : -1))[0];
    const { code, text } = await ask(stage, job?.jobId ?? '', '--json');
    const { jobs, now } = JSON.parse(text);
    const { reason, state, isAdvised, withinS } = stuck;
    expect({ code, reason: jobs[0].reason, state: jobs[0].state }).toEqual({ code: 0, reason, state });
    expect(jobs[0].canDo !== null).toBe(isAdvised);
    if (withinS === null) expect(jobs[0].until).toBeNull();
    else expect(Math.round((jobs[0].until - now) / 1_000)).toBeLessThanOrEqual(withinS);
    if (withinS !== null) expect(jobs[0].until).toBeGreaterThanOrEqual(now - 1_000);
    const { text: plain } = await ask(stage, job?.jobId ?? '');
    expect(plain).toContain(`(${stuck.reason})\n`);
  });

  it('tells a job in plain words: what happened, what is waited for, until when, what one can do', async () => {
    const stage = createStage({ exhausted: SPOT, pool: { market: 'spot' } });
    await dispatched(stage);
    await stage.pass(5_000);
    const { text } = await ask(stage, `https://github.com/acme/app/actions/runs/1/job/${jobOf(stage)}`);
    expect(text).toMatchInlineSnapshot(`
"job 28877621001 (job 0) of acme/app: waiting
  why:    EC2 had no capacity in any offer of the pool; asking again (capacity-exhausted)
  waits:  for EC2 to have capacity, until 2026-11-02T12:00:25Z, in 15 s, at the latest
  you:    add instance types or zones to the pool, or allow on-demand
  since 2026-11-02T12:00:05Z, 5 s ago:
       +0 s  dispatch: none → held, the job was received and is about to be looked at
       +0 s  dispatch: held → launching, an instance was requested for the group of this job: mf-yqgl4mxnz97609antbcg1egh3k
       +0 s  dispatch: launching → waiting, EC2 had no capacity in any offer of the pool; asking again
"
`);
  });

  it('tells every job of a run, and what became of a runner, by any of its names', async () => {
    const stage = createStage();
    const [first] = stage.queue(2);
    await stage.dispatch(stage.messages());
    const runId = stage.items('job')[0]?.runId ?? '';
    const run = await ask(stage, `https://github.com/acme/app/actions/runs/${runId}/attempts/1`, '--json');
    expect(JSON.parse(run.text).jobs.map(({ reason }: { reason: string }) => reason)).toEqual([
      'launched',
      'launched',
    ]);
    expect(JSON.parse(run.text).jobs[0].jobId).toBe(first?.jobId);
    const id = instanceOf(stage);
    const name = `mayfly-${STACK_ID}-${id}-abcd`;
    expect((await ask(stage, id)).text).toBe((await ask(stage, name)).text);
    expect((await ask(stage, id)).text).toContain(`runner ${id} `);
    await stage.world.instances.terminate([id]);
    await stage.pass(60_000);
    const { runner } = JSON.parse((await ask(stage, id, '--json')).text);
    expect(runner).toMatchObject({ state: 'ended', reason: 'instance-ended', waitsFor: null, job: null });
  });

  it('tells of a running job whose machine is gone that GitHub will fail it, and of a machine that EC2 takes back', async () => {
    const stage = createStage({ pool: { market: 'spot' } });
    const [jobId = ''] = stage.queue().map((job) => job.jobId);
    await stage.dispatch(stage.messages());
    const id = instanceOf(stage);
    const runnerName = `mayfly-${STACK_ID}-${id}-abcd`;
    const running = {
      action: 'in_progress',
      status: 'in_progress',
      runnerName,
      startedAt: stage.clock.now(),
    };
    stage.queue();
    await stage.dispatch(changed(stage, () => ({ ...running, jobId })).slice(0, 1));
    expect(JSON.parse((await ask(stage, jobId, '--json')).text).jobs[0]).toMatchObject({
      ...{ state: 'running', reason: 'job-running', canDo: null },
    });
    stage.ec2.interrupt(id, stage.clock.now());
    await stage.pass(1_000);
    const noticed = JSON.parse((await ask(stage, id, '--json')).text).runner;
    expect(noticed).toMatchObject({ state: 'busy', reason: 'spot-interruption' });
    await stage.pass(180_000);
    expect(JSON.parse((await ask(stage, jobId, '--json')).text).jobs[0]).toMatchObject({
      ...{
        state: 'running',
        canDo: expect.stringMatching(/^re-run/),
        waitsFor: expect.stringMatching(/^GitHub/),
      },
    });
  });

  it.each([
    ['4711', 'job 4711', 'Its webhook did not arrive'],
    ['https://ghe.example.com/acme/app/actions/runs/4711', 'run 4711', 'Its webhook did not arrive'],
    ['i-0123456789abcdef9', 'instance i-0123456789abcdef9', 'It is not of this stack'],
  ])('says of %s that the ledger does not know it, and what that means', async (asked, what, means) => {
    const { code, text } = await ask(createStage(), asked);
    expect(code).toBe(1);
    expect(text).toMatch(new RegExp(`^The ledger does not know ${what}\\. ${means}`));
  });

  it.each([
    [['x y'], /^want the URL of a job or run, a job id, a runner's name or an instance id, got "x y"\.\n$/],
    [[], /^want what to speak of, got nothing \(mayfly why --help tells more\)\n$/],
    [['1', '2'], /^want one thing to speak of, got 2 \(mayfly why --help tells more\)\n$/],
  ])('says in one sentence what is wrong with %j', async (args, sentence) => {
    const { code, text } = await ask(createStage(), ...args);
    expect(code).toBe(2);
    expect(text).toMatch(sentence);
  });
});

const jobOf = (stage: Stage): string => stage.items('job')[0]?.jobId ?? '';
