/**
 * The stand-in for Runner.Listener in local mode. It follows the real one where the agent or the control plane could
 * tell the difference: files, words, logs, exit codes, order (actions/runner, 2.336.0). Its Worker is not a process of its own.
 */
import { createBroker } from './broker.ts';
import { openDiag } from './diag.ts';
import { EXIT, listen } from './listen.ts';
import { readRunnerFiles } from './runner-files.ts';

async function main(): Promise<number> {
  const root = process.cwd();
  const diag = openDiag(root, 'Runner', Date.now());
  const config = await readRunnerFiles(root);
  if (config === undefined) {
    process.stderr.write('Runner is not configured.\n');
    return EXIT.terminated;
  }
  const shutdown = new AbortController();
  const onSignal = () => {
    process.stdout.write('Exiting...\n');
    shutdown.abort();
  };
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  return listen({
    broker: createBroker(config),
    root,
    runnerName: config.AgentName,
    // Its steps carry it, so that whoever started this can find what they leave behind.
    trackingId: process.env['MAYFLY_LOCAL_TRACKING_ID'] ?? `github_${process.pid}`,
    diag,
    tellsDeprecation: process.env['ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE'] === '1',
    shutdown: shutdown.signal,
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    // As the real one: an unhandled exception is an error of the Listener, and its text goes to the log's reader.
    process.stderr.write(`An error occurred: ${error instanceof Error ? error.name : 'unknown'}\n`);
    process.exit(EXIT.terminated);
  },
);
