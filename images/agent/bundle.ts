import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Writes the agent as one ES module to `outFile` (`.mjs`). It needs nothing but a Node: on an image the one that the
 * runner tarball carries (externals/node20), so that no second runtime lies on the boot path.
 */
export async function bundleAgent(outFile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    legalComments: 'none',
    logLevel: 'silent',
  });
}
