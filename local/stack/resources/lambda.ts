import { z } from 'zod';
import { parseJson } from '../../json.ts';
import { readPattern } from '../../lambda/event-pattern.ts';
import { startEventSource } from '../../lambda/event-source.ts';
import { openFunctionUrl } from '../../lambda/function-url.ts';
import { INIT_REAL_MAX_MS } from '../../lambda/spawn-container.ts';
import type { StackContext } from '../context.ts';
import { arnOf, hex, physicalName } from '../identity.ts';
import { inert, kind, tags, whole } from '../kind.ts';

/** Templates may write numbers and booleans here; a function sees text. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const lambdaFunction = kind(
  'AWS::Lambda::Function',
  z.strictObject({
    Code: z.union([
      z.strictObject({ ZipFile: z.string() }),
      z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
    ]),
    Handler: z.string().includes('.'),
    Runtime: z.literal('nodejs24.x'),
    Environment: z.strictObject({ Variables: z.record(z.string(), text).default({}) }).optional(),
    MemorySize: whole.default(128),
    Timeout: whole.min(1).max(900).default(3),
    FunctionName: z.string().optional(),
    ReservedConcurrentExecutions: whole.min(0).optional(),
    PackageType: z.literal('Zip').optional(),
    Architectures: inert('JavaScript runs the same on this machine’s architecture'),
    Role: inert('IAM is not enforced here'),
    Description: inert('a comment'),
    LoggingConfig: inert('logs go to a file; powertools formats its own lines'),
    EphemeralStorage: inert('/tmp is the machine’s'),
    TracingConfig: inert('no traces here'),
    RuntimeManagementConfig: inert('the runtime is the Node that runs this'),
    RecursiveLoop: inert('loop detection guards bills'),
    Tags: tags,
  }),
  (given, { logicalId, context }) => {
    const { functions, identity } = context;
    const name = given.FunctionName ?? physicalName(identity, logicalId, 64);
    const arn = arnOf(identity, 'lambda', `function:${name}`);
    functions.define({
      ...{ logicalId, name, arn },
      directory:
        'ZipFile' in given.Code
          ? context.unpackInline(logicalId, given.Code.ZipFile)
          : context.unpackAsset(logicalId, given.Code.S3Key),
      handler: given.Handler,
      environment: given.Environment?.Variables ?? {},
      memoryMb: given.MemorySize,
      timeoutMs: given.Timeout * 1000,
      containersMax: context.containersMax(logicalId, given.ReservedConcurrentExecutions),
    });
    return { ref: name, attributes: { Arn: arn }, remove: () => functions.close(logicalId) };
  },
);

/** The function behind a name, an ARN or an ARN's reference. */
function functionIn(context: StackContext, nameOrArn: string): string {
  const logicalId = context.functions.find(nameOrArn);
  if (logicalId === undefined) throw new Error(`want a function of this stack, got ${nameOrArn}`);
  return logicalId;
}

const functionUrl = kind(
  'AWS::Lambda::Url',
  z.strictObject({
    AuthType: z.literal('NONE'),
    TargetFunctionArn: z.string(),
    InvokeMode: z.literal('BUFFERED').optional(),
  }),
  async (given, { context }) => {
    const logicalId = functionIn(context, given.TargetFunctionArn);
    const opened = await openFunctionUrl({
      clock: context.clock,
      invoke: (event) => context.functions.invoke(logicalId, event),
      port: context.urlPort(logicalId),
    });
    const { arn } = context.functions.specOf(logicalId);
    return { ref: arn, attributes: { FunctionArn: arn, FunctionUrl: opened.url }, stop: opened.close };
  },
);

const eventInvokeConfig = kind(
  'AWS::Lambda::EventInvokeConfig',
  z.strictObject({
    FunctionName: z.string(),
    Qualifier: z.literal('$LATEST'),
    MaximumEventAgeInSeconds: whole.min(60).max(21_600).default(21_600),
    MaximumRetryAttempts: whole.min(0).max(2).default(2),
  }),
  (given, { logicalId, context }) => {
    context.functions.setEventPolicy(functionIn(context, given.FunctionName), {
      retriesMax: given.MaximumRetryAttempts,
      ageMaxMs: given.MaximumEventAgeInSeconds * 1000,
    });
    return { ref: hex(logicalId, 36), attributes: {} };
  },
);

const eventSourceMapping = kind(
  'AWS::Lambda::EventSourceMapping',
  z
    .strictObject({
      EventSourceArn: z.string(),
      FunctionName: z.string(),
      BatchSize: whole.min(1).max(10_000).default(10),
      MaximumBatchingWindowInSeconds: whole.min(0).max(300).default(0),
      ScalingConfig: z.strictObject({ MaximumConcurrency: whole.min(2).max(1000) }).optional(),
      FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
      FilterCriteria: z
        .strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) })
        .optional(),
      Enabled: z.literal(true).optional(),
      Tags: tags,
    })
    .refine(({ BatchSize, MaximumBatchingWindowInSeconds: window }) => BatchSize <= 10 || window >= 1, {
      message: 'a BatchSize above 10 wants a window of 1 s or more, as in AWS',
    }),
  (given, { logicalId, context }) => {
    const { functions, queues } = context;
    const target = functionIn(context, given.FunctionName);
    const queue = queues.get(given.EventSourceArn);
    if (queue === undefined)
      throw new Error(`EventSourceArn ${given.EventSourceArn}: want a queue of this stack`);
    const { timeoutMs } = functions.specOf(target);
    const timeoutSeconds = timeoutMs / 1000;
    if (queue.visibilitySeconds < timeoutSeconds) {
      // Lambda refuses such a mapping: a message would come back while it is being worked on.
      throw new Error(
        `queue visibility ${queue.visibilitySeconds} s is less than the function's ${timeoutSeconds} s`,
      );
    }
    const mapping = startEventSource(
      {
        ...{ queueUrl: queue.url, queueArn: given.EventSourceArn, region: context.identity.region },
        batchMax: given.BatchSize,
        visibilityMs: queue.visibilitySeconds * 1000,
        invokeRealMaxMs: INIT_REAL_MAX_MS + timeoutMs,
        windowMs: given.MaximumBatchingWindowInSeconds * 1000,
        // Without a limit AWS starts with five at once.
        concurrencyMax: given.ScalingConfig?.MaximumConcurrency ?? 5,
        reportsFailures: given.FunctionResponseTypes.length > 0,
        filters: (given.FilterCriteria?.Filters ?? []).map(({ Pattern }) => readPattern(parseJson(Pattern))),
      },
      { ...context, invoke: (event) => functions.invoke(target, event) },
    );
    return { ref: hex(logicalId, 36), attributes: { Id: hex(logicalId, 36) }, stop: mapping.close };
  },
);

export const lambdaKinds = [lambdaFunction, functionUrl, eventInvokeConfig, eventSourceMapping];
