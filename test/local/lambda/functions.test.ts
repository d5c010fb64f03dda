import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FunctionSpec } from '../../../local/lambda/environment.ts';
import { createFunctions, type Functions } from '../../../local/lambda/functions.ts';
import { eventually, fastClock, scratch } from '../stack/local-stack.ts';

let folder: ReturnType<typeof scratch>;
let functions: Functions;
const clock = fastClock();
beforeEach(() => {
  folder = scratch();
  const compileCacheDirectory = join(folder.path, 'cache');
  const surroundings = {
    clock,
    region: 'us-east-1',
    endpointUrl: 'http://127.0.0.1:1',
    compileCacheDirectory,
  };
  functions = createFunctions(surroundings, join(folder.path, 'logs'));
});
afterEach(async () => {
  await functions.close();
  folder.remove();
});

/** Defines function F; `source` is its index.mjs. */
function define(source: string, more: Partial<FunctionSpec> = {}): void {
  const directory = join(folder.path, 'asset');
  mkdirSync(directory, { recursive: true });
  // A module that Node finds from the asset's folder, as on any developer's machine.
  mkdirSync(join(folder.path, 'node_modules', 'near'), { recursive: true });
  writeFileSync(join(folder.path, 'node_modules', 'near', 'index.js'), '');
  writeFileSync(join(directory, 'index.mjs'), source);
  functions.define({
    ...{ logicalId: 'F', name: 'stack-F', arn: 'arn:f', directory, handler: 'index.handler' },
    ...{ environment: {}, memoryMb: 256, timeoutMs: 10_000, containersMax: 1, ...more },
  });
}
const log = () => readFileSync(join(folder.path, 'logs', 'F.log'), 'utf8');

describe('a local function', () => {
  it('sees the template’s environment, Lambda’s own, and nothing of this machine', async () => {
    define('export const handler = async () => Object.keys(process.env).sort()', {
      environment: { QUEUE: 'q' },
    });
    const outcome = await functions.invoke('F', {});
    expect(outcome).toMatchObject({
      payload: [
        ...['AWS_ACCESS_KEY_ID', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'AWS_EXECUTION_ENV'],
        ...['AWS_LAMBDA_FUNCTION_MEMORY_SIZE', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_VERSION'],
        ...['AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME'],
        ...[
          'AWS_REGION',
          'AWS_SECRET_ACCESS_KEY',
          'AWS_SESSION_TOKEN',
          'LAMBDA_TASK_ROOT',
          'LANG',
          'QUEUE',
          'TZ',
        ],
        ...['_HANDLER', '_X_AMZN_TRACE_ID'],
      ],
    });
  });

  it('lives in virtual time, while its time limit and its sockets stay real', async () => {
    define(`import { setTimeout as sleep } from 'node:timers/promises';
      export const handler = async (_event, context) => {
        const [from, monotonic] = [Date.now(), performance.now()];
        await sleep(60_000);
        return { at: new Date().getTime(), slept: Date.now() - from, real: performance.now() - monotonic,
          left: context.getRemainingTimeInMillis(), isDate: new Date(0) instanceof Date, arn: context.invokedFunctionArn };
      };`);
    const outcome = await functions.invoke('F', {});
    const said = JSON.parse(JSON.stringify(outcome.ok ? outcome.payload : outcome.error));
    expect(said).toMatchObject({ isDate: true, arn: 'arn:f' });
    expect(said.slept).toBeGreaterThanOrEqual(59_000);
    expect(said.real).toBeLessThan(5_000);
    expect(said.left).toBeGreaterThan(5_000);
    expect(Math.abs(said.at - clock.now())).toBeLessThan(5_000 * clock.speed);
  });

  it('is loaded once and reused, one invocation at a time', async () => {
    define('let n = 0; export const handler = async () => (n += 1);');
    const outcomes = await Promise.all([1, 2, 3].map(() => functions.invoke('F', {})));
    expect(outcomes.map((one) => one.ok && one.payload)).toEqual([1, 2, 3]);
    expect(functions.counts()).toMatchObject([{ invocations: 3, errors: 0, coldStarts: 1 }]);
  });

  it('reports a thrown error by name and keeps its container', async () => {
    define(`let n = 0; export const handler = async () => { n += 1; if (n === 1) throw new RangeError('too far'); return n; }`);
    const first = await functions.invoke('F', {});
    expect(first).toMatchObject({
      fault: 'function',
      error: { errorType: 'RangeError', errorMessage: 'too far' },
    });
    expect(await functions.invoke('F', {})).toMatchObject({ ok: true, payload: 2 });
  });

  it('reports a container that died, and starts a new one for the next event', async () => {
    define('export const handler = async (event) => { if (event.die) process.exit(7); return "alive"; }');
    const died = await functions.invoke('F', { die: true });
    expect(died).toMatchObject({ fault: 'crash', error: { errorType: 'Runtime.ExitError' } });
    expect(died.ok || died.error.errorMessage).toContain('exit status 7');
    expect(await functions.invoke('F', {})).toMatchObject({ ok: true, payload: 'alive' });
    expect(functions.counts()).toMatchObject([{ invocations: 2, errors: 1, coldStarts: 2 }]);
  });

  it('ends a container that takes longer than the function may', async () => {
    define(
      'export const handler = (event) => (event.hang ? new Promise(() => setInterval(() => {}, 1e6)) : 1);',
      {
        timeoutMs: 300,
      },
    );
    const late = await functions.invoke('F', { hang: true });
    expect(late).toMatchObject({ fault: 'timeout', error: { errorType: 'Sandbox.Timedout' } });
    expect(late.ok || late.error.errorMessage).toContain('Task timed out after 0.30 seconds');
    expect(await functions.invoke('F', {})).toMatchObject({ ok: true });
  });

  it('can be killed in the middle of its work', async () => {
    define('export const handler = () => { console.log("working"); return new Promise(() => setInterval(() => {}, 1e6)); }');
    const running = functions.invoke('F', {});
    await eventually(() => (log().includes('working') ? true : undefined));
    expect(functions.kill('F')).toBe(1);
    expect(await running).toMatchObject({ fault: 'crash' });
  });

  it.each([
    ['throws while loading', 'throw new Error("no config"); export const handler = 1;', /no config/],
    ['has no such export', 'export const other = async () => 1;', /index.handler is undefined/],
    [
      'imports what lies outside of its asset',
      'import "near"; export const handler = async () => 1;',
      /'near'.*not in the function's asset/,
    ],
    ['takes a callback', 'export const handler = (event, context, callback) => callback();', /callback/],
  ])('fails to start when its code %s', async (_what, source, sentence) => {
    define(source);
    const outcome = await functions.invoke('F', {});
    expect(outcome).toMatchObject({ ok: false, fault: 'init' });
    expect(outcome.ok || outcome.error.errorMessage).toMatch(sentence);
  });

  it('takes the SDK from the runtime when the asset does not hold it', async () => {
    define('import { SSMClient } from "@aws-sdk/client-ssm"; export const handler = async () => typeof SSMClient;');
    expect(await functions.invoke('F', {})).toMatchObject({ payload: 'function' });
  });

  it('repeats a failing event twice, a virtual minute and then two apart', async () => {
    define('export const handler = async () => { console.log(Date.now()); throw new Error("again"); }');
    expect(await functions.invokeEvent('F', {})).toMatchObject({ ok: false, fault: 'function' });
    const [a = 0, b = 0, c = 0, ...more] = log().trim().split('\n').map(Number);
    expect(more).toEqual([]);
    expect(b - a).toBeGreaterThanOrEqual(59_000);
    expect(c - b).toBeGreaterThanOrEqual(119_000);
  });

  it('drops an event that grew too old in line', async () => {
    define(`import { setTimeout as sleep } from 'node:timers/promises';
      export const handler = async () => { console.log('ran'); await sleep(90_000); }`);
    functions.setEventPolicy('F', { retriesMax: 0, ageMaxMs: 60_000 });
    const [first, second] = await Promise.all([
      functions.invokeEvent('F', {}),
      functions.invokeEvent('F', {}),
    ]);
    expect([first, second]).toMatchObject([{ ok: true }, { ok: false, fault: 'expired' }]);
    expect(log()).toBe('ran\n');
  });

  it('lets nothing wait when it is closed', async () => {
    define('export const handler = () => new Promise(() => setInterval(() => {}, 1e6))');
    const waiting = [functions.invoke('F', {}), functions.invoke('F', {})];
    await functions.close();
    expect(await Promise.all(waiting)).toMatchObject([{ ok: false }, { ok: false, fault: 'closed' }]);
  });
});
