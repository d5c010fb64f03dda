import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

export const HANDLERS_DIR = join(import.meta.dirname, '../lambdas');
const ROOT_DIR = join(import.meta.dirname, '..');

/** Some dependencies are CommonJS inside and call `require` for Node's own modules, which an ES module does not have. */
const REQUIRE_BANNER =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);";

export interface BundleProps {
  /** The function's name: its code is `<handlersDir>/<name>/handler.ts`. */
  readonly name: string;
  readonly handlersDir: string;
  /** Texts that lie beside the code, by file name. */
  readonly texts: Readonly<Record<string, string>>;
  /** Files of the handler's folder that are copied beside the code. */
  readonly copies: readonly string[];
}

/**
 * One function's code as an asset: `index.mjs` (everything bundled and minified, no source map: it is rebuilt from the
 * commit) and the files beside it. The asset's hash is that of its output, so that what did not change is not deployed.
 */
export function bundled(props: BundleProps): AssetCode {
  const files = filesBeside(props);
  return Code.fromAsset(join(props.handlersDir, props.name), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-pulled'),
      // CDK reuses a bundle of equal options within one synthesis: two stacks with different settings must differ here.
      environment: { FILES: createHash('sha256').update(JSON.stringify(files)).digest('hex') },
      local: {
        tryBundle(outputDir) {
          build(props, join(outputDir, 'index.mjs'));
          for (const [name, text] of Object.entries(files)) writeFileSync(join(outputDir, name), text);
          return true;
        },
      },
    },
  });
}

function filesBeside({ handlersDir, name, texts, copies }: BundleProps): Record<string, string> {
  const copied = copies.map((file) => [file, readFileSync(join(handlersDir, name, file), 'utf8')]);
  return { ...texts, ...Object.fromEntries(copied) };
}

function build({ handlersDir, name }: BundleProps, outfile: string): void {
  buildSync({
    entryPoints: [join(handlersDir, name, 'handler.ts')],
    outfile,
    absWorkingDir: ROOT_DIR,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: false,
    legalComments: 'none',
    banner: { js: REQUIRE_BANNER },
    logLevel: 'error',
  });
}
