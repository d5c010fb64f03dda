import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleAgent } from '../../images/agent/bundle.ts';

/** The programs of every instance of a run. */
export type InstanceBundles = {
  /** The real agent, exactly as on an image. */
  readonly agent: string;
  /** The stand-in for Runner.Listener. */
  readonly listener: string;
  /** Ends an instance whose local run has died. */
  readonly leash: string;
  /** The shared clock as one file: type stripping in each of some hundred processes would cost more than they do. */
  readonly clockPreload: string;
};

/** Bundles once per run; all files land in `outDir`. */
export async function bundleInstance(outDir: string): Promise<InstanceBundles> {
  const agent = join(outDir, 'agent.mjs');
  const [listener, leash, clockPreload] = await Promise.all([
    bundleLocal('listener/main.ts', join(outDir, 'listener.mjs')),
    bundleLocal('leash.ts', join(outDir, 'leash.mjs')),
    bundleLocal('../lambda/clock-preload.ts', join(outDir, 'clock-preload.mjs')),
    bundleAgent(agent),
  ]);
  return { agent, listener, leash, clockPreload };
}

async function bundleLocal(entry: string, outFile: string): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'silent',
  });
  return outFile;
}
