import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentSettingsFile } from '../../images/agent/settings.ts';
import type { InstanceBundles } from './bundle.ts';
import { endStrays, killNow } from './strays.ts';

export type BootOptions = {
  readonly instance: { readonly instanceId: string };
  /** Base address of this instance's own metadata endpoint. */
  readonly imds: { readonly url: string };
  readonly bundles: InstanceBundles;
  /** The instance lives in a folder of its own name in here; it is removed with the instance. */
  readonly workDir: string;
  /** Environment of the shared clock (`clockEnvironment`); empty for real time. */
  readonly clockEnv: Readonly<Record<string, string>>;
  /** What the agent and its Listener print is appended here. */
  readonly logFile: string;
  /** Called once when the instance ended by itself: the agent powered off, or died. Not after `kill`. */
  readonly onPoweredOff: () => void;
};

export type BootedInstance = {
  /** The operating system is asked to go down, as EC2 does first: the agent stops its Listener, then powers off. */
  shutDown(): void;
  /** The hard end of a termination: everything on the instance is gone at once. Repeatable. */
  kill(): void;
  /** Resolves when no process and no file of the instance is left. Rejects if it could not be started. */
  readonly exited: Promise<void>;
};

/** No threads of their own for garbage collection: hundreds of these stand on two cores, and hold 16 MB each. */
const NODE_FLAGS = ['--v8-pool-size=1'];

/** Starts an instance: the real agent, as a process group of its own. The agent's end is the machine's end. */
export function bootInstance(options: BootOptions): BootedInstance {
  const home = join(options.workDir, options.instance.instanceId);
  const life: Life = { child: undefined, isKilled: false };
  const exited = live(options, home, life)
    .finally(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))
    .then(() => (life.isKilled ? undefined : options.onPoweredOff()));
  return {
    shutDown: () => void life.child?.kill('SIGTERM'),
    kill: () => {
      life.isKilled = true;
      if (life.child?.pid !== undefined) killNow(-life.child.pid);
    },
    exited,
  };
}

type Life = { child: ChildProcess | undefined; isKilled: boolean };

async function live(options: BootOptions, home: string, life: Life): Promise<void> {
  const trackingId = `github_${randomUUID()}`;
  const settingsPath = join(home, 'agent.json');
  // Not below `home`: the path of a socket has 107 characters at most.
  const gateSocket = join(tmpdir(), `mayfly-${randomUUID().slice(0, 8)}.sock`);
  const hook = join(home, 'job-started.sh');
  await mkdir(join(home, 'runner'), { recursive: true });
  await writeFile(hook, hookFor(gateSocket));
  const paths = { runnerRoot: join(home, 'runner'), gateSocket, hook };
  await writeFile(settingsPath, JSON.stringify(settingsFor(options, paths, trackingId)));
  const log = await open(options.logFile, 'a');
  try {
    if (life.isKilled) return;
    const { agent, leash } = options.bundles;
    const flags = [...NODE_FLAGS, ...clockFlags(options), '--import', leash];
    life.child = spawn(process.execPath, [...flags, agent, '--settings', settingsPath], {
      cwd: home,
      env: { ...options.clockEnv },
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    });
    await endOf(life.child);
    if (life.child.pid === undefined) return;
    killNow(-life.child.pid);
    await endStrays(trackingId, life.child.pid);
  } finally {
    await log.close();
    await rm(gateSocket, { force: true });
  }
}

/** The image's own hook, with the two paths of this machine in place of the image's. */
function hookFor(gateSocket: string): string {
  const text = readFileSync(new URL('../../images/hooks/job-started.sh', import.meta.url), 'utf8');
  return text.replace('/usr/lib/mayfly/node', process.execPath).replace('/run/mayfly/agent.sock', gateSocket);
}

const endOf = (child: ChildProcess) =>
  new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });

const clockFlags = (options: BootOptions): string[] =>
  Object.keys(options.clockEnv).length === 0 ? [] : ['--import', options.bundles.clockPreload];

interface Paths {
  readonly runnerRoot: string;
  readonly gateSocket: string;
  readonly hook: string;
}

/** The same settings file as on an image; what differs from one says why in the schema. */
const settingsFor = (
  options: BootOptions,
  { runnerRoot, gateSocket, hook }: Paths,
  trackingId: string,
): AgentSettingsFile => ({
  metadataUrl: options.imds.url,
  runnerRoot,
  listener: [process.execPath, ...NODE_FLAGS, ...clockFlags(options), options.bundles.listener, 'run'],
  listenerEnv: {
    ...options.clockEnv,
    MAYFLY_LOCAL_TRACKING_ID: trackingId,
    ACTIONS_RUNNER_HOOK_JOB_STARTED: hook,
  },
  gateSocket,
  workerName: null,
  metadataLock: null,
  powerOff: [],
});
