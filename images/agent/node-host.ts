import { execFile } from 'node:child_process';
import { open, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JitFiles } from '../../lambdas/contracts/claim.ts';
import { fault } from './fault.ts';
import { openGate } from './gate.ts';
import type { Host, WorkerSight } from './host.ts';
import { startListener } from './listener-process.ts';
import type { AgentSettings } from './settings.ts';

/** Loading a ruleset or asking init to power off takes milliseconds; a hung one must not hold the machine. */
const COMMAND_MAX_MS = 20_000;

/** The one real host: on an image as root, in local mode as an ordinary process. The settings make the difference. */
export const createNodeHost = (settings: AgentSettings, write: (line: string) => void): Host => ({
  placeFiles: (files) => placeFiles(settings, files),
  closeMetadata: async () => {
    if (settings.metadataLock === null) return;
    await run(settings.metadataLock.close, 'closing metadata');
    await run(settings.metadataLock.probe, 'proving that metadata is closed');
  },
  openGate: (answer) => openGate(settings, answer),
  startListener: (onSign) => startListener(settings, onSign),
  lookForWorker: () => lookForWorker(settings),
  powerOff: () => (settings.powerOff.length === 0 ? Promise.resolve() : run(settings.powerOff, 'power off')),
  log: (event, facts) => write(JSON.stringify({ event, ...facts })),
});

async function placeFiles(settings: AgentSettings, files: JitFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    // `wx` creates and never follows: what is there already is not ours to overwrite.
    const file = await open(join(settings.runnerRoot, basename(name)), 'wx', 0o600);
    try {
      await file.writeFile(Buffer.from(content, 'base64'));
      if (settings.runnerUser !== null) await file.chown(settings.runnerUser.uid, settings.runnerUser.gid);
    } finally {
      await file.close();
    }
  }
}

/** Rejects with a sentence unless the program exits with 0. Its output is dropped. */
function run(argv: readonly string[], purpose: string): Promise<void> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    execFile(program, rest, { timeout: COMMAND_MAX_MS }, (error) => {
      if (error === null) resolve();
      else reject(fault(`${purpose}: want ${program} to exit with 0, got ${error.code ?? error.signal}`));
    });
  });
}

async function lookForWorker(settings: AgentSettings): Promise<WorkerSight> {
  const names = await readdir(join(settings.runnerRoot, '_diag')).catch(() => []);
  const hasRun = names.some((name) => /^Worker_.*\.log$/.test(name));
  // Without processes to look at, the log tells: a single-use Listener ends with its Worker.
  const isAlive = settings.workerName === null ? hasRun : await isRunning(settings.workerName);
  return { hasRun, isAlive };
}

async function isRunning(name: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return names.some((comm) => comm.trim() === name);
}
