import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { bundled } from '../../lib/bundle.ts';

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'mayfly-bundle-'));
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** Bundles a fixture and gives the asset's folder. */
function bundle(name: string, texts: Record<string, string>, app = new App({ outdir: folder() })): string {
  const stack = new Stack(app, `S${app.node.children.length}`);
  const handlersDir = join(import.meta.dirname, 'fixtures/bundle');
  const location = bundled({ name, handlersDir, texts, copies: ['beside.json'] }).bind(stack).s3Location;
  const hash = location?.objectKey.replace('.zip', '') ?? '';
  return join(app.outdir, `asset.${hash}`);
}

describe('a bundle', () => {
  it('holds the code in one file, the texts and the copies, and nothing else', () => {
    const asset = bundle('plain', { 'settings.json': '{"v":1}' });
    expect(readdirSync(asset).sort()).toEqual(['beside.json', 'index.mjs', 'settings.json']);
    expect(readFileSync(join(asset, 'settings.json'), 'utf8')).toBe('{"v":1}');
    expect(readFileSync(join(asset, 'beside.json'), 'utf8')).toBe('{ "beside": true }\n');
  });

  it('runs in Node as it is, CommonJS dependencies included', () => {
    const asset = bundle('plain', {});
    const program = `import { handler } from './index.mjs'; console.log(await handler());`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: asset,
      encoding: 'utf8',
    });
    expect(output).toBe('.txt required\n');
  });

  it('is the same for the same source, wherever it is made', () => {
    expect(bundle('plain', { a: '1' }).split('/').at(-1)).toBe(bundle('plain', { a: '1' }).split('/').at(-1));
  });

  it('differs with the settings, also between two stacks of one app', () => {
    const app = new App({ outdir: folder() });
    expect(bundle('plain', { a: '1' }, app)).not.toBe(bundle('plain', { a: '2' }, app));
  });
});
