import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../json.ts';
import {
  accessKeyOf,
  type ContainerSurroundings,
  containerEnvironment,
  type FunctionSpec,
} from './environment.ts';
import type { FromContainer, ToContainer } from './messages.ts';
import { type InvokeOutcome, platformFailure } from './outcome.ts';

/** One execution environment, seen from outside. It serves one invocation at a time; a dead one stays dead. */
export type Container = {
  readonly accessKeyId: string;
  isAlive(): boolean;
  invoke(requestId: string, event: string): Promise<InvokeOutcome>;
  /** Ends it at once, whatever it does. */
  kill(): void;
  /** Resolves when the child has exited. */
  readonly exited: Promise<void>;
};

/** Lambda allows 10 s for the initialization; two busy cores with several cold starts at once need more. */
export const INIT_REAL_MAX_MS = 30_000;
/** Lambda: request and response of an invocation are 6 MB at most. */
const PAYLOAD_MAX_BYTES = 6 * 1024 * 1024;

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Starts the nth container of a function; its output goes to the open log file. */
export function spawnContainer(
  spec: FunctionSpec,
  surroundings: ContainerSurroundings,
  place: { readonly n: number; readonly logFd: number },
): Container {
  const child = spawn(
    process.execPath,
    ['--import', fileOf('./clock-preload.ts'), fileOf('./container.ts')],
    {
      cwd: spec.directory,
      env: containerEnvironment(spec, surroundings, place.n),
      stdio: ['ignore', place.logFd, place.logFd, 'ipc'],
    },
  );
  let alive = true;
  let ready = false;
  // Listened for from the start: a container may be ready before its first invocation asks.
  const firstWord = nextWord(child, INIT_REAL_MAX_MS);
  const kill = () => {
    alive = false;
    child.kill('SIGKILL');
  };
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      alive = false;
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  return {
    accessKeyId: accessKeyOf(spec.logicalId, place.n),
    isAlive: () => alive,
    kill,
    exited,
    invoke: async (requestId, event) => {
      if (Buffer.byteLength(event) > PAYLOAD_MAX_BYTES) return tooLarge(requestId, 'request');
      if (!ready) {
        const failed = initFailure(await firstWord, requestId);
        if (failed) {
          kill();
          return failed;
        }
        ready = true;
      }
      const outcome = await invoked(child, spec, { requestId, event });
      if (!outcome.ok && outcome.fault === 'timeout') kill();
      return outcome;
    },
  };
}

/** What a first word other than `ready` means. */
function initFailure(said: FromContainer | string, requestId: string): InvokeOutcome | undefined {
  if (typeof said === 'string') {
    const message = said === 'timeout' ? 'initialization timed out' : said;
    return platformFailure('init', requestId, { type: 'Runtime.ExitError', message });
  }
  return said.kind === 'init-failed'
    ? { ok: false, fault: 'init', error: said.error, requestId, ms: 0 }
    : undefined;
}

async function invoked(
  child: ChildProcess,
  spec: FunctionSpec,
  { requestId, event }: { readonly requestId: string; readonly event: string },
): Promise<InvokeOutcome> {
  const startedAt = performance.now();
  const message: ToContainer = {
    kind: 'invoke',
    requestId,
    event,
    functionArn: spec.arn,
    timeoutMs: spec.timeoutMs,
    traceId: `Root=1-00000000-${requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
  };
  const answer = nextWord(child, spec.timeoutMs);
  // A container that died meanwhile is told by its exit, not by this send.
  child.send(message, () => undefined);
  const said = await answer;
  const ms = performance.now() - startedAt;
  if (said === 'timeout') {
    const message = `Task timed out after ${(spec.timeoutMs / 1000).toFixed(2)} seconds`;
    return platformFailure('timeout', requestId, { type: 'Sandbox.Timedout', message, ms });
  }
  if (typeof said === 'string') {
    return platformFailure('crash', requestId, { type: 'Runtime.ExitError', message: said, ms });
  }
  if (said.kind === 'failed') return { ok: false, fault: 'function', error: said.error, requestId, ms };
  const payload = said.kind === 'done' ? said.payload : 'null';
  if (Buffer.byteLength(payload) > PAYLOAD_MAX_BYTES) return tooLarge(requestId, 'response');
  return { ok: true, payload: parseJson(payload), requestId, ms };
}

const tooLarge = (requestId: string, what: string): InvokeOutcome =>
  platformFailure('too-large', requestId, {
    type: 'Function.ResponseSizeTooLarge',
    message: `the ${what} payload exceeded the maximum allowed payload size (${PAYLOAD_MAX_BYTES} bytes)`,
  });

/** The child's next message; or `timeout`; or how it ended. */
function nextWord(child: ChildProcess, timeoutMs: number): Promise<FromContainer | string> {
  return new Promise((resolve) => {
    const settle = (said: FromContainer | string) => {
      clearTimeout(timer);
      child.off('message', settle);
      child.off('exit', onExit);
      child.off('error', onError);
      resolve(said);
    };
    const onExit = (code: number | null, signal: string | null) =>
      settle(`Runtime exited with error: ${signal === null ? `exit status ${code}` : `signal: ${signal}`}`);
    const onError = (error: Error) => settle(`Runtime did not start: ${error.message}`);
    const timer = setTimeout(() => settle('timeout'), timeoutMs);
    if (child.exitCode !== null || child.signalCode !== null) return onExit(child.exitCode, child.signalCode);
    child.on('message', settle);
    child.on('exit', onExit);
    child.on('error', onError);
  });
}
