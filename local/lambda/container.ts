/**
 * The inside of one execution environment: a process that imports the function's asset once and then serves one
 * invocation at a time. Unlike in Lambda it is not frozen between invocations, and /tmp is the machine's.
 */
import type { Context } from 'aws-lambda';
import { CLOCK_ENV } from '../clock.ts';
import { type Handler, loadHandler } from './load-handler.ts';
import { type FromContainer, type ToContainer, toLambdaError } from './messages.ts';
import { guardModules } from './module-guard.ts';

const variable = (name: string): string => process.env[name] ?? '';

function say(message: FromContainer): void {
  process.send?.(message);
}

function contextOf(message: ToContainer): Context {
  // The monotonic clock: Date is virtual here, Lambda's time limit is not.
  const endsAt = performance.now() + message.timeoutMs;
  return {
    awsRequestId: message.requestId,
    functionName: variable('AWS_LAMBDA_FUNCTION_NAME'),
    functionVersion: variable('AWS_LAMBDA_FUNCTION_VERSION'),
    invokedFunctionArn: message.functionArn,
    memoryLimitInMB: variable('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'),
    logGroupName: variable('AWS_LAMBDA_LOG_GROUP_NAME'),
    logStreamName: variable('AWS_LAMBDA_LOG_STREAM_NAME'),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAt - performance.now())),
    // Gone from Lambda's Node 24 runtime, still in its types.
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}

async function serve(handler: Handler, message: ToContainer): Promise<void> {
  process.env['_X_AMZN_TRACE_ID'] = message.traceId;
  const { requestId } = message;
  try {
    const result = await handler(JSON.parse(message.event), contextOf(message));
    say({ kind: 'done', requestId, payload: JSON.stringify(result) ?? 'null' });
  } catch (thrown) {
    say({ kind: 'failed', requestId, error: toLambdaError(thrown) });
  }
}

async function start(): Promise<void> {
  const [directory, handlerName] = [variable('LAMBDA_TASK_ROOT'), variable('_HANDLER')];
  // The handler sees what it would see in Lambda, not how this machine runs it.
  for (const name of [...Object.values(CLOCK_ENV), 'NODE_COMPILE_CACHE']) delete process.env[name];
  guardModules(directory);
  try {
    const handler = await loadHandler(directory, handlerName);
    process.on('message', (message: ToContainer) => void serve(handler, message));
    say({ kind: 'ready' });
  } catch (thrown) {
    // The parent reads this and ends the container; ending here could outrun the message.
    say({ kind: 'init-failed', error: toLambdaError(thrown) });
  }
}

// The parent is gone: an execution environment never outlives the run.
process.on('disconnect', () => process.exit(0));
await start();
