/** Goal: an operator sees and steers a stack by commands. Method: the commands on a stack that the real flows run over the models. */
import { describe, expect, it } from '@jest/globals';
import { freshPool } from '../../lambdas/core/breaker.ts';
import { createStage, type Stage } from '../flow/stage.ts';
import { memoryParked, parkedOf } from './rig.ts';
import { mayflyOn } from './stage-stack.ts';

const LIMITS = { lifetimeMaxMs: 3_600_000, idleMaxMs: 300_000, claimDeadlineMs: 300_000 };

const living = (stage: Stage): number =>
  stage.ec2.instances(stage.clock.now()).filter(({ state }) => state === 'pending' || state === 'running')
    .length;
const queued = async (stage: Stage, count = 1) => {
  stage.queue(count);
  await stage.dispatch(stage.messages());
};
const reasons = (stage: Stage): readonly string[] => stage.items('job').map(({ intent }) => intent.reason);
const minute = async (stage: Stage) => {
  await stage.pass(61_000);
  await stage.sweep();
};

describe('mayfly stop', () => {
  it.each([
    ['all', 'the whole stack'],
    ['linux-x64', 'pool linux-x64'],
    ['Acme/App', 'repository acme/app'],
  ])(
    '%s lets nothing launch from then on, by dispatch or sweep, and resume lets the jobs go on',
    async (what, name) => {
      const stage = createStage();
      expect(await mayflyOn(stage, `stop --stack Mayfly ${what}`)).toMatchObject({
        code: 0,
        out: `Launches of ${name} are stopped.\n`,
      });
      await queued(stage, 2);
      for (let n = 0; n < 5; n += 1) await minute(stage);
      expect(living(stage)).toBe(0);
      expect(reasons(stage)).toEqual(['launches-stopped', 'launches-stopped']);
      expect((await mayflyOn(stage, `stop --stack Mayfly ${what}`)).out).toBe(
        `Launches of ${name} were stopped already.\n`,
      );

      expect(await mayflyOn(stage, `resume --stack Mayfly ${what}`)).toMatchObject({
        code: 0,
        out: `Launches of ${name} go on.\n`,
      });
      for (let n = 0; n < 2; n += 1) await minute(stage);
      expect(living(stage)).toBe(2);
    },
  );

  it('of a repository holds its jobs alone', async () => {
    const stage = createStage();
    await mayflyOn(stage, 'stop --stack Mayfly acme/other');
    await queued(stage);
    expect(living(stage)).toBe(1);
  });

  it('keeps a launch whose answer was lost from being made again', async () => {
    const stage = createStage();
    stage.spoil('instances.launch', { when: 'before', fault: { kind: 'unsure', code: 'timeout' } });
    await queued(stage);
    await mayflyOn(stage, 'stop --stack Mayfly linux-x64');
    for (let n = 0; n < 3; n += 1) await minute(stage);
    expect(living(stage)).toBe(0);
    expect(reasons(stage)).toEqual(['launches-stopped']);
  });

  it('with --terminate has every machine of it ended by the next sweep, and no other job served', async () => {
    const stage = createStage();
    await queued(stage, 3);
    const { out } = await mayflyOn(stage, 'stop --stack Mayfly linux-x64 --terminate');
    expect(out).toBe(
      'Launches of pool linux-x64 are stopped.\n3 machines are to be ended; the sweep does so within a minute.\n',
    );
    await stage.pass(55_000);
    await stage.sweep();
    expect(living(stage)).toBe(0);
    await minute(stage);
    expect(stage.items('runner').map(({ rank, intent }) => [rank, intent.end])).toEqual(
      [1, 2, 3].map(() => ['ended', 'launches-stopped']),
    );
    // That a person ended them says nothing against the image.
    expect(stage.items('pool')).toMatchObject([{ live: 0, neverOnline: 0 }]);
  });

  it('gives one JSON object, and names what is still stopped when a part is resumed', async () => {
    const stage = createStage();
    await queued(stage);
    const id = stage.items('runner')[0]?.instanceId;
    expect((await mayflyOn(stage, 'stop --stack Mayfly linux-x64 --terminate --json')).json()).toEqual({
      ...{ stack: 'Mayfly', what: { kind: 'pool', name: 'linux-x64' }, wasStopped: false },
      ...{ ending: [id], failed: [], isWhole: true },
    });
    await mayflyOn(stage, 'stop --stack Mayfly acme/app');
    expect((await mayflyOn(stage, 'resume --stack Mayfly linux-x64 --json')).json()).toEqual({
      ...{ stack: 'Mayfly', what: { kind: 'pool', name: 'linux-x64' } },
      ...{ wasStopped: true, stillStopped: ['acme/app'] },
    });
    expect((await mayflyOn(stage, 'resume --stack Mayfly all')).out).toBe(
      'Launches of the whole stack go on.\n',
    );
    expect((await mayflyOn(stage, 'resume --stack Mayfly all')).out).toBe(
      'Launches of the whole stack were not stopped.\n',
    );
  });

  it.each([
    ['stop --stack Mayfly', /^want what to speak of, got nothing \(mayfly stop --help tells more\)\n$/],
    [
      'stop --stack Mayfly linux-arm64',
      /^want all, a pool \(linux-x64\) or OWNER\/REPOSITORY, got "linux-arm64"\.\n$/,
    ],
    ['resume --stack Mayfly constructor', /^want all, a pool \(linux-x64\) or OWNER\/REPOSITORY/],
    ['drain --stack Mayfly --minutes 0', /^--minutes: want a whole number from 1 to 4320, got "0"\.\n$/],
    ['status --stack Mayfly now', /^Unexpected argument 'now'/],
    ['runners --stack Mayfly --zone a', /^Unknown option '--zone'/],
  ])('and its neighbours say in one sentence what is wrong with "%s"', async (line, sentence) => {
    const { code, out, err } = await mayflyOn(createStage(), line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(sentence);
  });

  it.each(['stop --local all', 'resume --local all', 'drain --local'])(
    'and its neighbours refuse a run that is over: %s',
    async (line) => {
      const change = { isLive: false, name: 'local run r1' };
      const { code, err } = await mayflyOn(createStage(), line, { change });
      expect({ code, err }).toEqual({
        code: 2,
        err: 'local run r1: want a stack that runs, but this run is over.\n',
      });
    },
  );

  it('changes nothing while the ledger does not answer, and says so', async () => {
    const stage = createStage();
    stage.spoil('ledger.read', {
      when: 'before',
      fault: { kind: 'busy', code: 'throttled', retryAfterMs: 1 },
    });
    const { code, err } = await mayflyOn(stage, 'stop --stack Mayfly all');
    expect({ code, err }).toEqual({
      code: 1,
      err: 'Nothing is changed: the ledger did not answer (throttled); try again.\n',
    });
    expect(stage.items('stop')).toEqual([]);
  });
});

describe('mayfly drain', () => {
  it('stops launches and ends with 0 once every machine has gone', async () => {
    const stage = createStage({ knobs: { neverBootsShare: 1 } });
    await queued(stage, 2);
    const { code, out, err } = await mayflyOn(stage, 'drain --stack Mayfly', {
      onSleep: () => minute(stage),
    });
    expect(code).toBe(0);
    expect(err).toMatch(/^2 machines left, 0 of them busy; 0 launches open; 2 jobs wait\n/);
    expect(out).toBe(
      'Nothing runs any more; 2 jobs wait. Launches stay stopped until "mayfly resume all".\n',
    );
    expect(living(stage)).toBe(0);
    expect(reasons(stage)).toEqual(['launches-stopped', 'launches-stopped']);
  });

  it('ends with 1 and names what is left when its time is over', async () => {
    const stage = createStage();
    await queued(stage);
    const id = stage.items('runner')[0]?.instanceId;
    const onSleep = async (ms: number) => stage.clock.advance(ms);
    const { code, json } = await mayflyOn(stage, 'drain --stack Mayfly --minutes 2 --json', { onSleep });
    expect({ code, report: json() }).toEqual({
      code: 1,
      report: { stack: 'Mayfly', left: [id], launches: 0, waiting: 1 },
    });
  });
});

describe('mayfly status', () => {
  it('counts jobs, runners, stops and queues, and says what jobs wait for', async () => {
    const stage = createStage({ pool: { limits: { ...LIMITS, runnersMax: 2 } } });
    await queued(stage, 3);
    await stage.pass(10_000);
    const [first = ''] = stage
      .items('runner')
      .map(({ instanceId }) => instanceId)
      .toSorted();
    await stage.claim(first);
    await mayflyOn(stage, 'stop --stack Mayfly acme/other');
    const { code, out } = await mayflyOn(stage, 'status --stack Mayfly');
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
"Mayfly at 2026-11-02T12:00:15Z
jobs      0 held, 1 waiting, 2 launching, 0 running; the oldest has waited 15 s (job 28877621001 of acme/app)
             2  launch-requested: an instance was requested for the group of this job
             1  pool-full: the pool is at its ceiling of runners; launching when one ends
pool      linux-x64: 2 count against its ceiling: 1 booting, 1 claimed, 0 idle, 0 busy, 0 ending
launches  0 open
STOPPED   acme/other: "mayfly resume" lets launches go on
budget    launch: 997 left when last drawn
budget    metadata: 97 left when last drawn
budget    mint.23154001: 159 left when last drawn
queue     jobs: 0 messages, none parked
queue     instances: 0 messages, none parked
"
`);
    const told = (await mayflyOn(stage, 'status --stack Mayfly --json')).json();
    expect(told).toMatchObject({
      ...{ stack: 'Mayfly', now: stage.clock.now(), jobs: { held: 0, waiting: 1, launching: 2, running: 0 } },
      ...{ launchesOpen: 0, stopped: { all: false, pools: [], repositories: ['acme/other'] }, isWhole: true },
      pools: [{ pool: 'linux-x64', live: 2, runners: { launched: 1, claimed: 1 }, heldUntil: null }],
    });
  });

  it('counts denials by reason when asked to', async () => {
    const stage = createStage({ visibility: 'public' });
    expect((await mayflyOn(stage, 'status --stack Mayfly --denials')).out).toContain(
      'denied    none in the last 24 hours\n',
    );
    await queued(stage, 2);
    const { out } = await mayflyOn(stage, 'status --stack Mayfly --denials');
    expect(out).toMatch(/denied {4}2 for repository-public: .* \(latest: job \d+\)\n/);
    const { denials } = (await mayflyOn(stage, 'status --stack Mayfly --denials --json')).json();
    expect(denials).toMatchObject([{ reason: 'repository-public', jobs: 2 }]);
    await stage.pass(25 * 3_600_000);
    expect((await mayflyOn(stage, 'status --stack Mayfly --denials')).out).toContain(
      'none in the last 24 hours',
    );
  });

  it('ends with 1 and says so when a pool is on hold, a message is parked, or the sweep does not come', async () => {
    const stage = createStage();
    const calm = await mayflyOn(stage, 'status --stack Mayfly');
    expect(calm).toMatchObject({
      code: 0,
      out: expect.stringContaining('linux-x64: 0 count against its ceiling'),
    });
    const jobs = memoryParked([parkedOf('m1', '{')]);
    const parked = await mayflyOn(stage, 'status --stack Mayfly', {
      change: { parked: { jobs, instances: memoryParked() } },
    });
    expect(parked).toMatchObject({
      code: 1,
      out: expect.stringContaining('1 PARKED: see "mayfly dlq list"'),
    });

    await queued(stage);
    await stage.pass(10 * 60_000);
    const late = await mayflyOn(stage, 'status --stack Mayfly');
    expect(late).toMatchObject({
      code: 1,
      out: expect.stringMatching(/LATE {6}something was due \d+ min ago/),
    });
    await stage.sweep();
    const held = { ...freshPool('linux-x64'), rev: stage.items('pool')[0]?.rev ?? 0 };
    await stage.ledger.write({ ...held, heldUntil: stage.clock.now() + 60_000, heldReason: 'account-limit' });
    const onHold = await mayflyOn(stage, 'status --stack Mayfly');
    expect(onHold).toMatchObject({
      code: 1,
      out: expect.stringMatching(/ON HOLD until .*: an account limit of EC2/),
    });
  });
});

describe('mayfly runners', () => {
  it('lists what lives, oldest first, with what it waits for', async () => {
    const stage = createStage();
    await queued(stage);
    await stage.pass(10_000);
    await queued(stage);
    const [older, younger] = stage.items('runner').toSorted((a, b) => a.at.launched - b.at.launched);
    const { code, out } = await mayflyOn(stage, 'runners --stack Mayfly');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(
        `^${older?.instanceId}  linux-x64  \\S+ on-demand  launched  15 s old  waits for its instance to boot`,
      ),
      expect.stringMatching(`^${younger?.instanceId}  linux-x64 `),
      '',
    ]);
    const { runners } = (await mayflyOn(stage, 'runners --stack Mayfly --pool linux-x64 --json')).json();
    expect(runners).toMatchObject([
      { instanceId: older?.instanceId, state: 'launched', reason: 'launched', job: null },
      { instanceId: younger?.instanceId },
    ]);
    expect((await mayflyOn(stage, 'runners --stack Mayfly --pool other')).out).toBe('No machine lives.\n');
  });
});
