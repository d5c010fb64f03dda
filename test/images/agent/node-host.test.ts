import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { signOf } from '../../../images/agent/listener-process.ts';
import { createNodeHost } from '../../../images/agent/node-host.ts';
import { agentSettings, readSettings } from '../../../images/agent/settings.ts';
import { CANARY, granted } from './fakes.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mayfly-host-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const hostWith = (more: object = {}) => {
  const file = {
    runnerRoot: root,
    listener: ['true'],
    metadataLock: null,
    workerName: null,
    powerOff: [],
    ...more,
  };
  return createNodeHost(agentSettings.parse(file), () => undefined);
};
const shell = (script: string) => ['sh', '-c', script];

describe('the host of an agent', () => {
  it('places exactly the decoded files, readable by their owner alone', async () => {
    await hostWith().placeFiles({ ...granted.jit, '.runner': Buffer.from('{"a":1}').toString('base64') });
    expect((await readdir(root)).sort()).toEqual(['.credentials', '.credentials_rsaparams', '.runner']);
    expect(await readFile(join(root, '.runner'), 'utf8')).toBe('{"a":1}');
    const modes = await Promise.all(
      (await readdir(root)).map(async (n) => (await stat(join(root, n))).mode & 0o777),
    );
    expect(modes).toEqual([0o600, 0o600, 0o600]);
  });

  it('overwrites no file that is there already', async () => {
    await writeFile(join(root, '.runner'), 'somebody else');
    await expect(hostWith().placeFiles(granted.jit)).rejects.toThrow('EEXIST');
    expect(await readFile(join(root, '.runner'), 'utf8')).toBe('somebody else');
  });

  it('takes metadata for closed only when the ruleset loads and the probe says so', async () => {
    const lock = (close: string, probe: string) =>
      hostWith({ metadataLock: { close: shell(close), probe: shell(probe) } }).closeMetadata();
    await expect(lock('exit 0', 'exit 0')).resolves.toBeUndefined();
    await expect(lock('exit 3', 'exit 0')).rejects.toThrow('closing metadata: want sh to exit with 0, got 3');
    await expect(lock('exit 0', 'exit 1')).rejects.toThrow('proving that metadata is closed');
  });

  it('starts the Listener with a clean environment and no secret among its arguments', async () => {
    const before = process.env['AGENT_SECRET'];
    process.env['AGENT_SECRET'] = CANARY;
    const host = hostWith({
      listener: shell(
        'tr "\\0" "\\n" < /proc/self/environ > seen; tr "\\0" " " < /proc/$$/cmdline >> seen; pwd >> seen',
      ),
      listenerEnv: { HOOK: '/opt/hook.sh' },
    });
    await host.placeFiles(granted.jit);
    expect(await host.startListener(() => undefined).ended).toEqual({ exitCode: 0 });
    const seen = await readFile(join(root, 'seen'), 'utf8');
    expect(seen).not.toContain(CANARY);
    expect(seen).toContain('HOOK=/opt/hook.sh');
    expect(seen.trimEnd().endsWith(root)).toBe(true);
    if (before === undefined) delete process.env['AGENT_SECRET'];
  });

  it('hears the signs of the Listener, and its exit code', async () => {
    const at = '2026-01-02 03:04:05Z:';
    const script = `echo "${at} Listening for Jobs"; echo noise; echo "${at} Running job: a"; exit 4`;
    const signs: string[] = [];
    const end = await hostWith({ listener: shell(script) }).startListener((s) => signs.push(s)).ended;
    expect(end).toEqual({ exitCode: 4 });
    expect(signs).toEqual(['listening', 'job-taken']);
  });

  it('tells a Listener that cannot be started or was killed from one that exited', async () => {
    expect(await hostWith({ listener: ['/no/such/program'] }).startListener(() => undefined).ended).toEqual({
      exitCode: null,
    });
    const running = hostWith({ listener: ['sleep', '60'] }).startListener(() => undefined);
    running.stop();
    expect(await running.ended).toEqual({ exitCode: null });
  });

  it('finds a Worker by its log, and alive by its name', async () => {
    expect(await hostWith().lookForWorker()).toEqual({ hasRun: false, isAlive: false });
    await mkdir(join(root, '_diag'));
    await writeFile(join(root, '_diag', 'Runner_20260101-000000-utc.log'), '');
    expect(await hostWith().lookForWorker()).toEqual({ hasRun: false, isAlive: false });
    await writeFile(join(root, '_diag', 'Worker_20260101-000000-utc.log'), '');
    expect(await hostWith().lookForWorker()).toEqual({ hasRun: true, isAlive: true });
    expect(await hostWith({ workerName: 'no-such-worker' }).lookForWorker()).toEqual({
      hasRun: true,
      isAlive: false,
    });
    const own = (await readFile('/proc/self/comm', 'utf8')).trim();
    expect(await hostWith({ workerName: own }).lookForWorker()).toMatchObject({ isAlive: true });
  });

  it('says when the machine could not be asked to power off', async () => {
    await expect(hostWith({ powerOff: shell('exit 9') }).powerOff()).rejects.toThrow('power off: want sh');
  });
});

describe('the words of a Listener', () => {
  it.each([
    ['2026-01-02 03:04:05Z: Listening for Jobs', 'listening'],
    ['2026-01-02 03:04:05Z: Running job: 2026-01-02 03:04:05Z: Listening for Jobs', 'job-taken'],
    ['2026-01-02 03:04:05Z: Job build completed with result: Succeeded', 'job-done'],
    ['√ Connected to GitHub', undefined],
    ['Listening for Jobs', undefined],
  ])('%s means %s', (line, sign) => {
    expect(signOf(line)).toBe(sign);
  });
});

describe('the settings of an agent', () => {
  it('are those of an image where the file does not say otherwise', () => {
    const file = {
      runnerRoot: '/run/runner',
      listener: ['/opt/runner/bin/Runner.Listener', 'run'],
      metadataLock: null,
    };
    expect(readSettings(JSON.stringify(file))).toMatchObject({
      metadataUrl: 'http://169.254.169.254',
      powerOff: ['systemctl', 'poweroff'],
      workerName: 'Runner.Worker',
      timings: { claimAnswerMs: 45_000, refusedMaxMs: 90_000 },
    });
  });

  it('name every problem at once', () => {
    const bad = () =>
      readSettings('{"runnerRoot":"relative","listener":[],"metadataLock":null,"powerof":[]}');
    expect(bad).toThrow(/runnerRoot/);
    expect(bad).toThrow(/listener/);
    expect(bad).toThrow(/powerof/);
    expect(() => readSettings('nope')).toThrow('agent settings: want one JSON object');
  });
});
