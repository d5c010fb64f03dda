import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Listener, ListenerEnd, ListenerSign } from './host.ts';
import type { AgentSettings } from './settings.ts';

/** What the Listener prints, with its UTC time in front (actions/runner, Runner.cs and JobDispatcher.cs). */
const SIGNS: readonly (readonly [RegExp, ListenerSign])[] = [
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: Listening for Jobs\s*$/, 'listening'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: Running job: /, 'job-taken'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: Job .* completed with result: /, 'job-done'],
];

/** What a Listener line means to a supervisor; undefined for all others. */
export const signOf = (line: string): ListenerSign | undefined =>
  SIGNS.find(([pattern]) => pattern.test(line))?.[1];

/** Nothing of the agent's own environment reaches the Listener, and so no job. */
const BASE_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  // An outdated runner says so (7) instead of hiding in the general failure (1).
  ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: '1',
};

/** Starts the Listener in the agent's process group, so that whatever ends the group ends both. */
export function startListener(settings: AgentSettings, onSign: (sign: ListenerSign) => void): Listener {
  const [program = '', ...rest] = settings.listener;
  const child = spawn(program, rest, {
    cwd: settings.runnerRoot,
    env: { ...BASE_ENV, HOME: settings.runnerRoot, ...settings.listenerEnv },
    // Its errors go where the agent's log goes; its output names jobs, and is read for signs only.
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(settings.runnerUser ?? {}),
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const sign = signOf(line);
    if (sign !== undefined) onSign(sign);
  });
  const ended = new Promise<ListenerEnd>((resolve) => {
    child.on('error', () => resolve({ exitCode: null }));
    // Not 'close': what a job left behind may hold the pipe for ever.
    child.on('exit', (exitCode) => resolve({ exitCode }));
  });
  return { ended, stop: () => void child.kill('SIGTERM'), kill: () => void child.kill('SIGKILL') };
}
