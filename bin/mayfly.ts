import { setTimeout } from 'node:timers/promises';
import { requireNode } from '../lib/check-node.ts';

requireNode();
const { openDeployedStack } = await import('./adapters/deployed-stack.ts');
const { openLocalRun } = await import('./adapters/local-run.ts');
const { runMayfly } = await import('./commands/run.ts');

/** `mayfly`: the operator's CLI. The first Ctrl-C ends a command in order, the second at once. */
const stopping = new AbortController();
process.on('SIGINT', () => {
  if (stopping.signal.aborted) process.exit(130);
  stopping.abort();
});
/** A reader that went away (`| head`) is no error of ours. */
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runMayfly(process.argv.slice(2), {
  print: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  progress: (text) => void (process.stderr.isTTY ? process.stderr.write(text) : undefined),
  signal: stopping.signal,
  sleep: (ms) => setTimeout(ms, undefined, { signal: stopping.signal }).catch(() => undefined),
  open: async (target) =>
    target.kind === 'stack' ? openDeployedStack(target.name) : openLocalRun(process.cwd()),
});
