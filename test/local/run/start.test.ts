import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod/mini';
import { runFile } from '../../../lambdas/contracts/run-folder.ts';
import { createRunFolder } from '../../../local/run/folder.ts';
import { CONFIG, ROOT } from './assembly.ts';
import { STAGE_TEST_MS } from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);
/** Ten times as fast: faster, the minute that the guard has is too short for a busy machine to start a function in. */
const CHAOS_TEST_MS = 2 * STAGE_TEST_MS;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayfly-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** The last line of `--json`: these fields, all of them, and no other. */
const count = z.int().check(z.nonnegative());
const measure = z.number().check(z.positive());
const summary = z.strictObject({
  jobs: count,
  completed: count,
  runnersLaunched: count,
  runnersTerminated: count,
  instancesLeft: count,
  registrationsLeft: count,
  jitIssued: count,
  parked: count,
  githubCallsPerJob: measure,
  awsCallsPerJob: measure,
  p50QueuedToStartedMs: measure,
  p95QueuedToStartedMs: measure,
  speed: measure,
  usdTotal: measure,
  chaos: z.optional(
    z.strictObject({
      seed: z.string(),
      struck: z.record(z.string(), z.record(z.string(), count)),
      neverStruck: z.array(z.string()),
    }),
  ),
  failures: z.array(z.string()),
});

/** What a started program has printed so far, and what a keyboard can do to it. */
interface Terminal {
  readonly text: string;
  /** Ctrl-C: the signal goes to every process of the terminal's group. */
  ctrlC(): void;
}

interface StartWish {
  readonly node?: readonly string[];
  /** Called whenever something is printed. */
  readonly onPrint?: (terminal: Terminal) => void;
}

/** Starts as `npm start -- <args>` does, in a folder and a process group of its own. */
function start(args: readonly string[], { node = [process.execPath], onPrint }: StartWish = {}) {
  const [program = '', ...flags] = node;
  const file = [join(ROOT, 'bin/run.js'), join(ROOT, 'local/start.ts')];
  const child = spawn(program, [...flags, ...file, ...args], { cwd: folder, detached: true });
  const printed = { out: '', err: '' };
  const ctrlC = () => void process.kill(-(child.pid ?? 0), 'SIGINT');
  const keep = (into: 'out' | 'err') => (text: string) => {
    printed[into] += text;
    onPrint?.({ text: printed.out + printed.err, ctrlC });
  };
  child.stdout.setEncoding('utf8').on('data', keep('out'));
  child.stderr.setEncoding('utf8').on('data', keep('err'));
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, ...printed })),
  );
}

const quietly = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    // The process is gone, or not ours.
    return undefined;
  }
};

/** Only Linux tells where the processes of others work; elsewhere exit codes and ports have to do. */
const isLinux = process.platform === 'linux';

/** Living processes that this test's folder appears in: as command line, working directory or environment. */
const processesHere = (): readonly string[] =>
  (isLinux ? readdirSync('/proc') : [])
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`)) ?? '';
      const texts = ['cmdline', 'environ'].map((file) =>
        quietly(() => readFileSync(`/proc/${pid}/${file}`, 'latin1')),
      );
      return [cwd, ...texts].some((text) => text?.includes(folder)) ? [`${pid} ${cwd} ${texts[0]}`] : [];
    });

const isRefused = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

describe('npm start', () => {
  it('leaves no process and no port when Ctrl-C ends it while jobs run', async () => {
    const asked: Promise<Response>[] = [];
    const seen = { processes: 0, isStopped: false };
    const onPrint = ({ text, ctrlC }: Terminal): void => {
      const desk = /http:\S+\/jobs/.exec(text)?.[0];
      if (desk !== undefined && asked.length === 0) {
        const body = JSON.stringify({ labels: ['x64'], run: 'sleep 3600 & sleep 3600', count: 2 });
        asked.push(
          fetch(desk, { method: 'POST', body, headers: { origin: 'https://example.com' } }),
          fetch(desk, { method: 'POST', body }),
        );
      }
      if (seen.isStopped || !/ 2 running/.test(text)) return;
      seen.isStopped = true;
      seen.processes = processesHere().length;
      ctrlC();
    };
    const ended = await start(['--serve', '--speed', '20', '--config', CONFIG], { onPrint });
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual([403, 201]);
    expect(ended.code).toBe(0);
    // Two agents, two Listeners, two shells with two commands each, and the functions.
    expect(seen.processes).toBeGreaterThan(isLinux ? 10 : -1);
    expect(processesHere()).toEqual([]);
    const urls = [...new Set(ended.out.match(/http:\/\/127\.0\.0\.1:\d+/g))];
    expect(urls).toHaveLength(3);
    expect(await Promise.all(urls.map(isRefused))).toEqual(urls.map(() => true));
    expect(existsSync(join(folder, '.mayfly/latest'))).toBe(true);
  });

  it('ends with one JSON object and code 0 when every job completed and nothing is left', async () => {
    const { code, out } = await start(['--jobs', '3', '--speed', '20', '--json', '--config', CONFIG]);
    const [last = ''] = out.trim().split('\n').slice(-1);
    const { runnersLaunched, runnersTerminated, jitIssued, ...rest } = summary.parse(JSON.parse(last));
    expect(code).toBe(0);
    expect(rest).toMatchObject({
      jobs: 3,
      completed: 3,
      instancesLeft: 0,
      registrationsLeft: 0,
      parked: 0,
      speed: 20,
    });
    expect(rest.failures).toEqual([]);
    // A busy machine may be slow enough for a launch more than was needed.
    expect(runnersLaunched).toBeGreaterThanOrEqual(3);
    expect(runnersTerminated).toBe(runnersLaunched);
    expect(jitIssued).toBeGreaterThanOrEqual(3);
    expect(jitIssued).toBeLessThanOrEqual(runnersLaunched);
    const name = readFileSync(join(folder, '.mayfly/latest'), 'utf8').trim();
    const file = readFileSync(join(folder, '.mayfly/runs', name, 'run.json'), 'utf8');
    expect(runFile.parse(JSON.parse(file))).toMatchObject({ jobs: 3, summary: JSON.parse(last) });
    expect(readFileSync(join(folder, '.mayfly/runs', name, 'ledger.jsonl'), 'utf8')).toContain('"job#');
  });

  it(
    'loses no job and leaves nothing behind under chaos, and tells what struck how often',
    async () => {
      const args = [
        '--jobs',
        '12',
        '--chaos',
        '--seed',
        'mayfly',
        '--speed',
        '10',
        '--json',
        '--config',
        CONFIG,
      ];
      const { code, out } = await start(args);
      const [last = ''] = out.trim().split('\n').slice(-1);
      const { chaos, ...rest } = summary.parse(JSON.parse(last));
      expect(rest).toMatchObject({
        jobs: 12,
        completed: 12,
        instancesLeft: 0,
        registrationsLeft: 0,
        failures: [],
      });
      expect(code).toBe(0);
      expect(chaos?.seed).toBe('mayfly');
      for (const kind of ['webhook-lost', 'webhook-doubled', 'job-stolen'])
        expect(Object.values(chaos?.struck[kind] ?? {}).length).toBeGreaterThan(0);
      expect(Object.keys(chaos?.struck['function-killed'] ?? {})).toEqual(
        expect.arrayContaining(['webhook', 'dispatch', 'claim', 'report', 'sweep']),
      );
    },
    CHAOS_TEST_MS,
  );

  it('ends with code 130 and nothing left when Ctrl-C ends a load that it runs', async () => {
    const seen = { isStopped: false };
    const onPrint = ({ text, ctrlC }: Terminal): void => {
      if (seen.isStopped || !/ [1-9] (launching|booting|claimed|running)/.test(text)) return;
      seen.isStopped = true;
      ctrlC();
    };
    const { code } = await start(['--jobs', '2', '--speed', '30', '--json', '--config', CONFIG], { onPrint });
    expect({ ...seen, code }).toEqual({ isStopped: true, code: 130 });
    expect(processesHere()).toEqual([]);
  });

  it('ends at once, without an error, on Ctrl-C while it still synthesizes', async () => {
    const seen = { isStopped: false };
    const onPrint = ({ text, ctrlC }: Terminal): void => {
      if (seen.isStopped || !text.includes('synthesizing')) return;
      seen.isStopped = true;
      ctrlC();
    };
    const { code, out, err } = await start(['--jobs', '1', '--config', CONFIG], { onPrint });
    expect(code).toBe(130);
    expect(out).not.toContain('starting the synthesized template');
    expect(err).toBe('');
    expect(processesHere()).toEqual([]);
  });

  it.each([
    [['--jobs', '0'], /^--jobs: want a whole number from 1 to \d+, got "0"\.\n$/],
    [['--seed', ''], /^--seed: want 1 to 100 characters, got 0\.\n$/],
    [['--speed', '61'], /^--speed: want a whole number from 1 to 60, got "61"\.\n$/],
    [['--colour'], /^Unknown option '--colour'.*--help lists them\)\n$/],
    [['extra'], /^Unexpected argument 'extra'.*--help lists them\)\n$/],
    [['--config', 'none.yaml'], /^none\.yaml: wanted a configuration file, got .*\n$/],
  ])('says in one sentence what is wrong with %j and starts nothing', async (args, sentence) => {
    const { code, out, err } = await start(args);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringMatching(sentence) });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lists every problem of a wrong mayfly.yaml, and starts nothing', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'github: { url: nowhere, owners: [] }\npools:\n  p: { labels: [x], keyLabel: y }\n');
    const { code, out, err } = await start(['--config', file]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    for (const where of ['github.url', 'github.owners', 'pools.p.keyLabel']) expect(err).toContain(where);
    for (const line of err.trimEnd().split('\n')) expect(line).toMatch(/^wrong\.yaml.*: wanted .*, got .*; /);
  });

  it('says in one sentence that its port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : address);
    const { code, out, err } = await start(['--serve', '--port', port, '--config', CONFIG]);
    await new Promise((resolve) => server.close(resolve));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe(
      `--port: want port ${port} of this machine, but it is in use: free it, or name another.\n`,
    );
  });

  it('says in one sentence that it may not write its folder', async () => {
    writeFileSync(join(folder, '.mayfly'), 'a file where a folder is wanted');
    const { code, out, err } = await start(['--config', CONFIG]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(
      /^\S+\.mayfly: want to write the run's folder there, got .*: run in a folder of your own\.\n$/,
    );
  });

  it.each(oldNodes())('says in one sentence that %s is too old', async (version, node) => {
    const { code, out, err } = await start([], { node });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(new RegExp(`^Mayfly needs Node 24 or newer, got v${version}\\S*: .*npm ci.*\\.\\n$`));
  });
});

describe('the folder of a run', () => {
  it('makes room: the five newest runs stay', () => {
    const runs = join(folder, '.mayfly/runs');
    for (const day of ['01', '02', '03', '04', '05', '06']) {
      mkdirSync(join(runs, `2026-01-${day}`), { recursive: true });
    }
    createRunFolder(folder, '2026-01-07');
    expect(readdirSync(runs).sort()).toEqual(['03', '04', '05', '06', '07'].map((day) => `2026-01-${day}`));
  });
});

/** A Node that only says that it is old, and a truly old one where the machine has one. */
function oldNodes(): readonly (readonly [string, readonly string[]])[] {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.9.0' } });
Object.defineProperty(process, 'version', { value: 'v22.9.0' });`;
  const pretender = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`];
  const usual = '/usr/bin/node';
  const major = Number.parseInt(
    (quietly(() => execFileSync(usual, ['--version'], { encoding: 'utf8' })) ?? 'v0').slice(1),
    10,
  );
  return [
    ['22', [process.execPath, ...pretender]],
    ...(major > 0 && major < 24 ? ([[String(major), [usual]]] as const) : []),
  ];
}
