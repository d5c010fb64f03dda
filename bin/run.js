/**
 * Starts a TypeScript entry point: `node bin/run.js <file> [arguments]`. Plain JavaScript, because an older Node fails on the
 * first `.ts` file before any of its lines could say what is wanted.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 24;
const [major] = process.versions.node.split('.');

if (Number(major) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `Mayfly needs Node ${NODE_MAJOR_MIN} or newer, got ${process.version}: run "npm ci" (it brings one on Linux), or install Node ${NODE_MAJOR_MIN}.\n`,
  );
  process.exit(1);
}

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('bin/run.js: want the path of a TypeScript file, got nothing.\n');
  process.exit(2);
}
process.argv = [process.argv[0], resolve(file), ...rest];
await import(pathToFileURL(resolve(file)).href);
