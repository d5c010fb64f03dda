import type {
  Clock,
  Dice,
  GateAnswer,
  Host,
  ListenerEnd,
  ListenerSign,
  WorkerSight,
} from '../../../images/agent/host.ts';
import type { Http, HttpAnswer, HttpRequest } from '../../../images/agent/http.ts';
import { type AgentParts, runAgent } from '../../../images/agent/run-agent.ts';
import { type AgentSettings, agentSettings } from '../../../images/agent/settings.ts';
import type { ClaimGranted } from '../../../lambdas/contracts/claim.ts';

/** Stands in every secret that the agent is given; it may be found nowhere afterwards. */
export const CANARY = 'Q0FOQVJZLWppdC1zZWNyZXQ';
export const TOKEN = 'canary-report-token-AAAAAAAAAAAAAAAAAAAAAAA';
export const INSTANCE_ID = 'i-0123456789abcdef0';
export const START = 1_800_000_000_000;

export const granted: ClaimGranted = {
  protocolVersion: 1,
  runnerName: `mayfly-abcd1234-${INSTANCE_ID}-wxyz`,
  jit: { '.runner': 'e30=', '.credentials': 'e30=', '.credentials_rsaparams': `${CANARY}=` },
  rules: {
    hardening: 'standard',
    lifetimeMaxMs: 3_600_000,
    idleMaxMs: 300_000,
    graceMs: 30_000,
    heartbeatMs: 60_000,
  },
  reportUrl: 'https://report.example/',
  guardUrl: 'https://guard.example/',
  reportToken: TOKEN,
};

export type FakeClock = Clock & { elapsed(): number; drive(work: Promise<unknown>): Promise<void> };

/** Virtual time that leaps to the next sleeper whenever nothing else can happen. */
export function fakeClock(): FakeClock {
  let now = START;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const settle = async () => {
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    elapsed: () => now - START,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { at: now + ms, wake: () => resolve() };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      }),
    drive: async (work) => {
      let isDone = false;
      work.then(
        () => (isDone = true),
        () => (isDone = true),
      );
      for (let leaps = 0; leaps < 20_000; leaps += 1) {
        await settle();
        if (isDone) return;
        const [next] = [...sleepers].sort((a, b) => a.at - b.at);
        if (next === undefined) throw new Error('nothing left to wait for, and the work is not done');
        sleepers.delete(next);
        now = Math.max(now, next.at);
        next.wake();
      }
      throw new Error('the work did not end within 20,000 waits');
    },
  };
}

export const steadyDice: Dice = { hex: (bytes) => 'ab'.repeat(bytes), fraction: () => 0.5 };

/** How the scripted Listener of a test behaves. */
export type ListenerScript = (play: {
  readonly sign: (sign: ListenerSign) => void;
  readonly end: (exitCode: number | null) => void;
  readonly startWorker: () => void;
  /** The job-started hook asks, and blocks until it is answered. */
  readonly hook: (line?: string) => Promise<GateAnswer>;
  readonly clock: Clock;
  /** Resolves when the agent stops or kills the Listener. */
  readonly stopped: Promise<void>;
  readonly killed: Promise<void>;
}) => Promise<void>;

export type World = {
  readonly clock: FakeClock;
  readonly requests: HttpRequest[];
  readonly events: string[];
  readonly logs: string[];
  readonly halt: AbortController;
  run(): Promise<void>;
  reports(kind: string): Record<string, unknown>[];
};

export type WorldOptions = {
  readonly claim?: (tries: number) => HttpAnswer | undefined;
  /** How the guard answers; left out: it allows. */
  readonly guard?: (tries: number) => HttpAnswer | undefined;
  readonly report?: (body: Record<string, unknown>, tries: number) => HttpAnswer | undefined;
  readonly metadata?: (path: string) => HttpAnswer | undefined;
  readonly listener?: ListenerScript;
  readonly host?: Partial<Host>;
  readonly settings?: Partial<AgentSettings>;
};

export const json = (status: number, value: unknown): HttpAnswer => ({ status, body: JSON.stringify(value) });

const CARRY_ON = json(200, { answer: 'carry-on' });
const METADATA: Record<string, string> = {
  '/latest/api/token': 'session-token',
  '/latest/dynamic/instance-identity/rsa2048': 'M'.repeat(200),
  '/latest/meta-data/instance-id': INSTANCE_ID,
  '/latest/user-data': JSON.stringify({
    protocolVersion: 1,
    stackId: 'abcd1234',
    pool: 'linux-x64',
    claimUrl: 'https://claim.example/',
  }),
};

/** A machine, its metadata and a control plane, all scripted; `run` plays one whole life of the real agent. */
export function world(options: WorldOptions = {}): World {
  const clock = fakeClock();
  const requests: HttpRequest[] = [];
  const events: string[] = [];
  const logs: string[] = [];
  const halt = new AbortController();
  const http: Http = {
    send: async (request) => {
      requests.push(request);
      return answerTo(options, request, requests);
    },
  };
  const parts: AgentParts = {
    host: fakeHost({ options, clock, events, logs }),
    http,
    clock,
    dice: steadyDice,
    settings: {
      ...agentSettings.parse({ runnerRoot: '/runner', listener: ['Runner.Listener'], metadataLock: null }),
      ...options.settings,
    },
    halt: halt.signal,
  };
  return {
    clock,
    requests,
    events,
    logs,
    halt,
    run: async () => {
      const life = runAgent(parts);
      await clock.drive(life);
      await life;
    },
    reports: (kind) => bodies(requests).filter((body) => body['kind'] === kind),
  };
}

const bodies = (requests: readonly HttpRequest[]): Record<string, unknown>[] =>
  requests.filter((r) => r.url === granted.reportUrl).map((r) => JSON.parse(r.body ?? ''));

function answerTo(options: WorldOptions, request: HttpRequest, all: readonly HttpRequest[]) {
  const { pathname, hostname } = new URL(request.url);
  const tries = all.filter((other) => other.url === request.url).length;
  if (hostname === '169.254.169.254') {
    if (options.metadata !== undefined) return options.metadata(pathname);
    return { status: 200, body: METADATA[pathname] ?? '' };
  }
  if (hostname === 'claim.example') return (options.claim ?? (() => json(200, granted)))(tries);
  if (hostname === 'guard.example')
    return (options.guard ?? (() => json(200, { decision: 'allow', reason: '' })))(tries);
  return (options.report ?? (() => CARRY_ON))(JSON.parse(request.body ?? ''), tries);
}

/** GitHub's variables of one job, as the hook hands them over. */
export const HOOK_LINE = JSON.stringify({
  GITHUB_REPOSITORY: 'acme/app',
  GITHUB_REPOSITORY_ID: '7',
  GITHUB_RUN_ID: '10',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_WORKFLOW_REF: 'acme/app/.github/workflows/ci.yml@refs/heads/main',
  GITHUB_WORKFLOW_SHA: 'a'.repeat(40),
  GITHUB_EVENT_NAME: 'push',
  GITHUB_ACTOR: 'ann',
  GITHUB_TOKEN_OF_NOBODY: 'ignored',
});

/** By default a Listener that runs one job for a minute. */
const oneJob: ListenerScript = async ({ sign, end, startWorker, hook, clock }) => {
  await clock.sleep(2_000);
  sign('listening');
  await clock.sleep(1_000);
  sign('job-taken');
  startWorker();
  await hook();
  await clock.sleep(60_000);
  sign('job-done');
  end(0);
};

type HostParts = { options: WorldOptions; clock: Clock; events: string[]; logs: string[] };

function fakeHost({ options, clock, events, logs }: HostParts): Host {
  let sight: WorkerSight = { hasRun: false, isAlive: false };
  let ask: (line: string) => Promise<GateAnswer> = async () => ({ allow: false, why: 'no gate' });
  return {
    openGate: async (answer) => {
      events.push('gate');
      ask = answer;
      return { close: async () => undefined };
    },
    placeFiles: async (files) => void events.push(`place ${Object.keys(files).join(' ')}`),
    closeMetadata: async () => void events.push('close-metadata'),
    startListener: (onSign) => {
      events.push('start');
      const ended = Promise.withResolvers<ListenerEnd>();
      const stopped = Promise.withResolvers<void>();
      const killed = Promise.withResolvers<void>();
      (options.listener ?? oneJob)({
        sign: onSign,
        end: (exitCode) => ended.resolve({ exitCode }),
        startWorker: () => {
          sight = { hasRun: true, isAlive: true };
        },
        hook: (line = HOOK_LINE) => ask(line),
        clock,
        stopped: stopped.promise,
        killed: killed.promise,
      }).catch((error: unknown) => events.push(`script failed: ${String(error)}`));
      const note = (event: string, then: () => void) => () => {
        events.push(event);
        then();
      };
      return {
        ended: ended.promise,
        stop: note('stop', () => stopped.resolve()),
        kill: note('kill', () => killed.resolve()),
      };
    },
    lookForWorker: async () => sight,
    powerOff: async () => void events.push('power-off'),
    log: (event, facts) => void logs.push(JSON.stringify({ event, ...facts })),
    ...options.host,
  };
}
