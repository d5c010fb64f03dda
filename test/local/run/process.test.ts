import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRunFolder } from '../../../local/run/folder.ts';
import { UsageError } from '../../../local/run/options.ts';

const ROOT = join(import.meta.dirname, '../../..');
let temporary = '';

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'mayfly-process-'));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** `npm start -- …` as a process, without npm; `onPrinted` sees everything it has printed so far. */
function start(args: readonly string[], onPrinted: (text: string, interrupt: () => void) => void = () => {}) {
  const child = spawn(process.execPath, ['bin/run.js', 'local/start.ts', ...args], { cwd: ROOT });
  const printed = { out: '', all: '' };
  const note = (text: string): void => {
    printed.all += text;
    onPrinted(printed.all, () => child.kill('SIGINT'));
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
    note(text);
  });
  child.stderr.setEncoding('utf8').on('data', note);
  return new Promise<{ code: number | null; out: string; all: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, ...printed })),
  );
}

const latest = (): string => readFileSync(join(ROOT, '.mayfly/latest'), 'utf8').trim();

/** Command lines of living processes that name a run. */
const processesOf = (run: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(run));

describe('npm start', () => {
  it('ends with one JSON object and code 0 when every job completed and nothing is left', async () => {
    const { code, out } = await start(['--jobs', '3', '--speed', '20', '--json']);
    const summary: Record<string, unknown> = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      jobs: 3,
      completed: 3,
      runnersLaunched: 3,
      runnersTerminated: 3,
      instancesLeft: 0,
      registrationsLeft: 0,
      jitIssued: 3,
      speed: 20,
      failures: [],
    });
    const measured = [
      'githubCallsPerJob',
      'awsCallsPerJob',
      'p50QueuedToStartedMs',
      'p95QueuedToStartedMs',
      'usdTotal',
    ];
    for (const name of measured) expect(summary[name]).toBeGreaterThan(0);
    const file: unknown = JSON.parse(readFileSync(join(ROOT, '.mayfly/runs', latest(), 'run.json'), 'utf8'));
    expect(file).toMatchObject({ v: 1, jobs: 3, summary });
  });

  it('stops everything it started on Ctrl-C', async () => {
    let isTold = false;
    const { code } = await start(['--jobs', '4', '--speed', '5', '--json'], (text, interrupt) => {
      if (isTold || !/[1-9] (booting|claimed)/.test(text)) return;
      isTold = true;
      interrupt();
    });
    expect([isTold, code]).toEqual([true, 130]);
    expect(processesOf(latest())).toEqual([]);
  });

  it('stays up with --serve, runs a job that a person queues, and ends in order', async () => {
    const answers: Promise<Response>[] = [];
    let isTold = false;
    const { code, out } = await start(['--serve', '--speed', '20', '--json'], (text, interrupt) => {
      const desk = /http:\/\/127\.0\.0\.1:\d+\/jobs/.exec(text)?.[0];
      if (desk !== undefined && answers.length === 0) {
        answers.push(fetch(desk, { method: 'POST', body: '{"labels":["X64"],"run":"true"}' }));
        answers.push(fetch(desk, { method: 'POST', body: '{"label":"x64"}' }));
      }
      if (isTold || !/1 done/.test(text) || !/1 gone/.test(text)) return;
      isTold = true;
      interrupt();
    });
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect([code, statuses]).toEqual([0, [201, 400]]);
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
      jobs: 1,
      completed: 1,
      instancesLeft: 0,
    });
  });

  it('lists every problem of a wrong mayfly.yaml and starts nothing', async () => {
    const file = join(temporary, 'wrong.yaml');
    writeFileSync(file, 'github: { url: nowhere, owners: [] }\npools:\n  p: { labels: [x], keyLabel: y }\n');
    const { code, all } = await start(['--config', file]);
    expect(code).toBe(2);
    for (const where of ['github.url', 'github.owners', 'pools.p.keyLabel']) expect(all).toContain(where);
    expect(all).not.toContain('starting');
  });

  it('says in one sentence that a port is in use, or that an argument is wrong', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      }),
    );
    const taken = await start(['--serve', '--port', String(port)]);
    server.close();
    expect([taken.code, taken.all]).toEqual([
      2,
      `--port: want port ${port} of this machine, but it is in use: free it, or name another.\n`,
    ]);
    const wrong = await start(['--speed', 'fast']);
    expect([wrong.code, wrong.all]).toEqual([2, '--speed: want a whole number from 1 to 60, got "fast".\n']);
  });
});

describe('the folder of a run', () => {
  it('is refused in one sentence where it cannot be written', () => {
    writeFileSync(join(temporary, 'file'), '');
    expect(() => createRunFolder(join(temporary, 'file'), 'run')).toThrow(UsageError);
  });

  it('makes room: the five newest runs stay', () => {
    const root = join(temporary, 'runs');
    for (const day of ['01', '02', '03', '04', '05', '06'])
      mkdirSync(join(root, '.mayfly/runs', `2026-01-${day}`), { recursive: true });
    createRunFolder(root, '2026-01-07');
    expect(readdirSync(join(root, '.mayfly/runs')).sort()).toEqual(
      ['03', '04', '05', '06', '07'].map((day) => `2026-01-${day}`),
    );
  });
});
