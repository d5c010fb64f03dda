import { requireNode } from '../lib/check-node.ts';

requireNode();
const { readOptions, USAGE, UsageError } = await import('./run/options.ts');
const { SynthError } = await import('./run/synth.ts');
const { runLocally } = await import('./run/run.ts');

/** `npm start`: the whole path on this machine. */
async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    return await runLocally(options);
  } catch (error) {
    const isExpected = error instanceof UsageError || error instanceof SynthError;
    const message =
      error instanceof Error
        ? isExpected
          ? error.message
          : (error.stack ?? error.message)
        : 'unknown error';
    process.stderr.write(`${message}\n`);
    return isExpected ? 2 : 1;
  }
}

process.exit(await main());
