import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describe } from './fault.ts';
import type { Clock, Dice } from './host.ts';
import { nodeHttp } from './http.ts';
import { createNodeHost } from './node-host.ts';
import { runAgent } from './run-agent.ts';
import { readSettings } from './settings.ts';

const SETTINGS_PATH = '/etc/mayfly/agent.json';

const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
const dice: Dice = {
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  fraction: () => Math.random(),
};
const write = (line: string) => process.stdout.write(`${line}\n`);

/**
 * However this ends, the process exits, and its supervisor takes that for the machine's end: on an image the systemd
 * unit powers off on success and on failure alike, in local mode the booting process does.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { settings: { type: 'string', default: SETTINGS_PATH } } });
  const settings = readSettings(await readFile(values.settings, 'utf8'));
  const host = createNodeHost(settings, write);
  const halt = new AbortController();
  process.on('SIGTERM', () => halt.abort());
  process.on('SIGINT', () => halt.abort());
  const crash = (error: unknown) => {
    host.log('agent-crashed', { why: describe(error) });
    host.powerOff().finally(() => process.exit(1));
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  await runAgent({ host, http: nodeHttp, clock, dice, settings, halt: halt.signal });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    write(JSON.stringify({ event: 'agent-crashed', why: describe(error) }));
    process.exit(1);
  },
);
