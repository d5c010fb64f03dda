import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod/mini';

const ROOT = join(import.meta.dirname, '../..');
/** Bundling seven functions takes some seconds on two busy cores; a minute more means that something hangs. */
const SYNTH_MAX_MS = 180_000;

/** Thrown when synthesis fails; the message is what it printed: every problem of mayfly.yaml. */
export class SynthError extends Error {}

/** Runs the CDK app as `cdk synth` would, with the context of cdk.json, into `outDir`. Rejects when `stopped`. */
export async function synthesize(outDir: string, configPath: string, stopped?: AbortSignal): Promise<void> {
  const cdk = z
    .object({ context: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')));
  const context = JSON.stringify({ ...cdk.context, config: resolve(configPath) });
  const app = spawn(process.execPath, [join(ROOT, 'bin/app.ts')], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: context,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: SYNTH_MAX_MS,
    ...(stopped && { signal: stopped }),
  });
  const printed: string[] = [];
  app.stderr.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  const code = await new Promise<number | null>((settle, reject) =>
    app.once('error', reject).once('close', settle),
  );
  if (code !== 0)
    throw new SynthError(
      printed
        .join('')
        .replace(/^Bundling asset.*\n/gm, '')
        .trim() || 'synthesis failed',
    );
}
