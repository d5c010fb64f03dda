import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clockEnvironment, createClock } from '../../../local/clock.ts';
import { type BootedInstance, bootInstance } from '../../../local/instance/boot.ts';
import { bundleInstance, type InstanceBundles } from '../../../local/instance/bundle.ts';
import { killNow } from '../../../local/instance/strays.ts';
import { INSTANCE_ID, KEY, type Script, type Stub, startStub, TOKEN } from './control-plane.ts';

const SPEED = 100;
/** The job-started hook stands before the job's own steps. */
const HOOK = { name: 'Set up runner', conclusion: 'success' };
const HOUR_SLEEP = { name: 'sleep', run: 'sleep 3600' };

let root = '';
let bundles: InstanceBundles;
const open: { stub: Stub; booted: BootedInstance }[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-boot-'));
  bundles = await bundleInstance(join(root, 'bundles'));
});
afterEach(async () => {
  for (const { stub, booted } of open.splice(0)) {
    booted.kill();
    await booted.exited.catch(() => undefined);
    await stub.close();
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function boot(script: Script) {
  const stub = await startStub(script);
  const folder = await mkdtemp(join(root, 'run-'));
  const logFile = join(folder, 'instance.log');
  const powerOffs: number[] = [];
  const booted = bootInstance({
    instance: { instanceId: INSTANCE_ID },
    imds: { url: `${stub.url}/imds` },
    bundles,
    workDir: folder,
    clockEnv: clockEnvironment(createClock({ epochMs: Date.now(), speed: SPEED })),
    logFile,
    onPoweredOff: () => powerOffs.push(1),
  });
  open.push({ stub, booted });
  const finished = () => stub.said.find((s) => s.path.endsWith('/finish'))?.body;
  return { stub, booted, folder, powerOffs, finished, log: () => readFile(logFile, 'utf8') };
}

/** Dead, or dead and not yet collected by whoever inherited it. */
function isGone(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return true;
  return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''));
}

/** The process group of a running process. */
function groupOf(pid: number): number {
  const [, , group = '0'] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(group);
}

const pidsIn = (file: string): number[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split(/\s+/).filter(Boolean).map(Number) : [];

/** No event tells of the death of somebody else's child: so many looks, some seconds of them. */
const LOOKS_MAX = 200_000;
async function allGone(pids: readonly number[]): Promise<boolean> {
  for (let looks = 0; looks < LOOKS_MAX && !pids.every(isGone); looks += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return pids.every(isGone);
}

const running = (run: { stub: Stub }) => run.stub.heard((s) => s.path.endsWith('/renew'));

describe('a booted instance', () => {
  it('runs the real agent and one job whose steps are truly executed, then is gone', async () => {
    const out = join(root, 'job');
    const run = await boot({
      steps: [
        {
          name: 'write',
          run: `pwd > ${out}; env >> ${out}; cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' > ${out}.argv`,
        },
        { name: 'look', run: 'test "$CI" = true && echo kept > kept' },
        { name: 'find', run: 'test -f kept' },
      ],
    });
    await run.booted.exited;
    expect(run.finished()).toMatchObject({
      conclusion: 'success',
      steps: [HOOK, { conclusion: 'success' }, { conclusion: 'success' }, { conclusion: 'success' }],
    });
    expect(run.stub.report('final')).toMatchObject({ verdict: 'ran', exitCode: 0, instanceId: INSTANCE_ID });
    const phases = run.stub.said.filter((s) => s.body['kind'] === 'phase').map((s) => s.body['phase']);
    expect(phases).toEqual(['boot', 'claim', 'online', 'job-start', 'job-end']);
    expect(run.powerOffs).toHaveLength(1);
    expect(await readdir(run.folder)).toEqual(['instance.log']);

    const seen = await readFile(out, 'utf8');
    expect(seen).toContain('GITHUB_REPOSITORY=acme/web');
    for (const secret of [KEY, TOKEN, Buffer.from(KEY).toString('base64')]) {
      expect(seen + (await readFile(`${out}.argv`, 'utf8')) + (await run.log())).not.toContain(secret);
    }
  });

  it('runs no step of a job that the guard denies, and is gone while its hook still blocks', async () => {
    const out = join(root, 'denied');
    const run = await boot({
      steps: [{ name: 'steal', run: `touch ${out}` }],
      guardAnswer: { decision: 'deny', reason: 'the code comes from a fork' },
    });
    await run.booted.exited;
    expect(existsSync(out)).toBe(false);
    expect(run.finished()).toBeUndefined();
    expect(run.stub.said.find(({ path }) => path === '/guard')?.body).toMatchObject({
      instanceId: INSTANCE_ID,
      repository: 'acme/web',
      runId: '9',
      runAttempt: 1,
      event: 'push',
    });
    expect(run.stub.report('final')).toMatchObject({ verdict: 'denied', note: 'the code comes from a fork' });
    expect(run.powerOffs).toHaveLength(1);
  });

  it('fails a job at its first failing step and skips the rest', async () => {
    const run = await boot({
      steps: [
        { name: 'no', run: 'false; true' },
        { name: 'later', run: 'true' },
      ],
    });
    await run.booted.exited;
    expect(run.finished()).toMatchObject({
      conclusion: 'failure',
      steps: [HOOK, { conclusion: 'failure' }, { conclusion: 'skipped' }],
    });
    expect(run.stub.report('final')).toMatchObject({ verdict: 'ran' });
  });

  it('cancels a job that GitHub cancelled, with all its processes', async () => {
    const file = join(root, 'cancelled');
    const stubborn = `trap '' INT; setsid sleep 3600 & echo $! $$ >> ${file}; while :; do sleep 3600; done`;
    const run = await boot({
      steps: [{ name: 'stubborn', run: stubborn }, HOUR_SLEEP],
      isCancelled: () => pidsIn(file).length === 2,
    });
    await run.booted.exited;
    expect(run.finished()).toMatchObject({
      conclusion: 'cancelled',
      steps: [HOOK, { conclusion: 'cancelled' }, { conclusion: 'skipped' }],
    });
    expect(run.stub.report('final')).toMatchObject({ verdict: 'ran' });
    expect(await allGone(pidsIn(file))).toBe(true);
  });

  it('ends unused when it stays idle and is deregistered', async () => {
    const run = await boot({
      message: { kind: 'none' },
      rules: { idleMaxMs: 60_000 },
      reportAnswer: (body) => (body['kind'] === 'idle' ? 'deregistered' : 'carry-on'),
    });
    await run.booted.exited;
    expect(run.stub.report('final')).toMatchObject({ verdict: 'unused', note: 'stopped: idle' });
    expect(run.stub.said.some((s) => s.method === 'DELETE')).toBe(true);
    expect(run.powerOffs).toHaveLength(1);
  });

  it.each([
    ['its registration is gone before the first session', { session: 401 }, 'unused', 1],
    ['its registration vanishes while it listens', { message: { kind: 'gone' } }, 'unused', 0],
    ['another session lives on its key', { session: 409 }, 'session-conflict', 5],
    ['its runner is too old', { session: 426 }, 'outdated', 7],
  ])('says so when %s', async (_name, script, verdict, exitCode) => {
    const run = await boot(script);
    await run.booted.exited;
    expect(run.stub.report('final')).toMatchObject({ verdict, exitCode });
    expect(run.powerOffs).toHaveLength(1);
  });
});

describe('the end of an instance', () => {
  it('leaves no process behind when it is killed, not even one that left its group', async () => {
    const file = join(root, 'killed');
    const strays = `setsid sleep 3600 & echo $! >> ${file}; sleep 3600 & echo $! $$ >> ${file}; wait`;
    const run = await boot({ steps: [{ name: 'a', run: strays }, HOUR_SLEEP] });
    await run.stub.heard(() => pidsIn(file).length === 3);
    expect(pidsIn(file).some(isGone)).toBe(false);
    run.booted.kill();
    await run.booted.exited;
    expect(await allGone(pidsIn(file))).toBe(true);
    expect(run.powerOffs).toHaveLength(0);
    expect(await readdir(run.folder)).toEqual(['instance.log']);
    expect(run.finished()).toBeUndefined();
  });

  it('fails a running job when the machine is asked to go down, and says so', async () => {
    const run = await boot({ steps: [HOUR_SLEEP] });
    await running(run);
    run.booted.shutDown();
    await run.booted.exited;
    expect(run.finished()).toMatchObject({ conclusion: 'failure' });
    expect(run.stub.report('final')).toMatchObject({ verdict: 'ran', note: 'stopped: machine-stopping' });
    expect(run.powerOffs).toHaveLength(1);
  });

  it('ends a job that outlives its machine', async () => {
    const run = await boot({ steps: [HOUR_SLEEP], rules: { lifetimeMaxMs: 120_000 } });
    await run.booted.exited;
    expect(run.stub.report('final')).toMatchObject({ verdict: 'ran', note: 'stopped: lifetime' });
  });

  it('may come before it has started', async () => {
    const run = await boot({});
    run.booted.kill();
    await run.booted.exited;
    expect(run.stub.said).toEqual([]);
    expect(await readdir(run.folder)).not.toContain(INSTANCE_ID);
  });

  it('follows when the local run dies without a word', async () => {
    const file = join(root, 'orphan');
    const stub = await startStub({ steps: [{ name: 'a', run: `echo $$ > ${file}; sleep 3600` }] });
    const options = {
      instance: { instanceId: INSTANCE_ID },
      imds: { url: `${stub.url}/imds` },
      bundles,
      workDir: join(root, 'orphaned'),
      clockEnv: {},
      logFile: join(root, 'orphan.log'),
    };
    const code = `import { bootInstance } from ${JSON.stringify(join(process.cwd(), 'local/instance/boot.ts'))};
      bootInstance({ ...${JSON.stringify(options)}, onPoweredOff: () => {} });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    await stub.heard(() => pidsIn(file).length === 1);
    const group = groupOf(pidsIn(file)[0] ?? 0);
    try {
      expect(pidsIn(file).map(isGone)).toEqual([false]);
      parent.kill('SIGKILL');
      expect(await allGone(pidsIn(file))).toBe(true);
    } finally {
      // What a broken leash would leave to the machine.
      killNow(-group);
      await stub.close();
    }
  });
});
