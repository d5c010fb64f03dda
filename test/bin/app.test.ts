import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayfly-app-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the app as the CDK CLI does, without any AWS account or credentials. */
function synthesize(context: Record<string, string>) {
  const { PATH } = process.env;
  return spawnSync(process.execPath, ['bin/app.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH, CDK_OUTDIR: join(folder, 'out'), CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
}

describe('the app', () => {
  it('synthesizes the stack of mayfly.yaml without an account', () => {
    const run = synthesize({});
    expect(run.stderr).not.toMatch(/error/i);
    expect(run.status).toBe(0);
    expect(existsSync(join(folder, 'out/Mayfly.template.json'))).toBe(true);
  });

  it('prints every problem of the configuration and nothing else, and fails', () => {
    const config = join(folder, 'wrong.yaml');
    writeFileSync(config, 'github: { owners: [] }\npools: {}\nextra: 1\n');
    const run = synthesize({ config });
    expect(run.status).toBe(1);
    expect(run.stderr.trim().split('\n')).toEqual([
      'wrong.yaml:1 github.owners: wanted at least one login, got []; correct it',
      'wrong.yaml:2 pools: wanted 1 to 20 pools, got 0; add or remove pools',
      expect.stringMatching(
        /^wrong\.yaml:3 extra: wanted only keys that Mayfly knows, got "extra"; remove it/,
      ),
    ]);
    expect(existsSync(join(folder, 'out/manifest.json'))).toBe(false);
  });
});
