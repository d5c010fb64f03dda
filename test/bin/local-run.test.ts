import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLocalRun } from '../../bin/adapters/local-run.ts';
import { NOON } from '../contract/items.ts';
import { jobEventOf, parkedOf } from './rig.ts';

const ROOT = join(import.meta.dirname, '../..');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayfly-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RUN = {
  v: 1,
  name: 'r1',
  startedAt: 1,
  endedAt: 2,
  ledgerNow: NOON,
  speed: 10,
  jobs: 1,
  stackId: 'abcd1234',
};

/** Nobody listens there. */
const LIVE = { endpointUrl: 'http://127.0.0.1:1', region: 'us-east-1', stackName: 'Mayfly', epochMs: 1 };

function writeRun(change: object = {}, files: Readonly<Record<string, string>> = {}): void {
  const path = join(folder, '.mayfly/runs/r1');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(folder, '.mayfly/latest'), 'r1\n');
  const all = {
    'run.json': JSON.stringify({ ...RUN, summary: null, ...change }),
    'ledger.jsonl': '\n',
    'dlq.jsonl': `${JSON.stringify(parkedOf('m1', jobEventOf()))}\n`,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(path, name), text);
}

/** As a person types it: `npx mayfly …` in that folder. */
const mayfly = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'bin/mayfly.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
};

describe('mayfly --local', () => {
  it('tells what the latest run left parked, its age by the time of that run', () => {
    writeRun();
    const { code, out, err } = mayfly('dlq', 'list', '--local');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('m1  job 42 queued of acme/app, 3 h old, received 21 times\n');
  });

  it('says in one sentence that there is no run here', () => {
    const { code, out, err } = mayfly('dlq', 'list', '--local');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(
      /^--local: want a local run in this folder, but \S+ is missing: run npm start first\.\n$/,
    );
  });

  it.each([
    ['that was killed before it was up', { endedAt: null }, {}, /but this one was killed/],
    ['that was killed', { endedAt: null, live: LIVE }, {}, /but this one was killed/],
    ['of another version', { v: 2 }, {}, /want the file of a run, got another/],
    ['whose file is no JSON', {}, { 'run.json': '{' }, /want JSON, got another text/],
    ['whose ledger is no JSON', {}, { 'ledger.jsonl': '{' }, /want JSON, got another text/],
    ['with a strange parked message', {}, { 'dlq.jsonl': '{}\n' }, /want parked messages, got another line/],
  ])('refuses a run %s with a sentence', async (_, change, files, sentence) => {
    writeRun(change, files);
    await expect(openLocalRun(folder)).rejects.toThrow(sentence);
  });
});
