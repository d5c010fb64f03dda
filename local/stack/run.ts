import { mkdirSync } from 'node:fs';
import type { ActionCount } from '../aws/counts.ts';
import type { Faults } from '../aws/faults.ts';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { FunctionCounts } from '../lambda/functions.ts';
import type { InvokeOutcome } from '../lambda/outcome.ts';
import { type Assembly, readAssembly } from './assembly.ts';
import { type AssetOverlay, createUnpacker } from './code.ts';
import type { Created, Ec2Backend, StackContext } from './context.ts';
import { checkTypes, createResources, outputsOf } from './create.ts';
import { type Emulators, startEmulators } from './emulators.ts';
import { type BusEvent, createEventBus } from './events.ts';
import { createIdentity, type Identity, LOCAL_ACCOUNT } from './identity.ts';
import { unknownParameters } from './parameters.ts';
import { removeResources } from './remove.ts';
import { createScope } from './scope.ts';

export type StackOverrides = {
  /** Values of template parameters, as `cdk deploy --parameters`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** SSM parameters that exist before the stack: public AMI parameters, the bootstrap's version. */
  readonly ssmParameters?: Readonly<Record<string, string>>;
  /** Containers per function, by logical id. */
  readonly containersMax?: Readonly<Record<string, number>>;
  /** Fixed ports of function URLs, by the function's logical id. */
  readonly urlPorts?: Readonly<Record<string, number>>;
};

export type StartOptions = {
  /** A synthesized cloud assembly (`cdk.out`). */
  readonly assemblyDir: string;
  readonly stackName?: string;
  readonly ec2: Ec2Backend;
  readonly clock: Clock;
  /** Logs, code copies and the compile cache go here; what lies there from an earlier run is not read. */
  readonly workDir: string;
  readonly region?: string;
  readonly account?: string;
  readonly overrides?: StackOverrides;
  readonly assetOverlay?: AssetOverlay;
};

/** A stack that runs on this machine. */
export type RunningStack = {
  readonly identity: Identity;
  /** The one endpoint of all AWS APIs (AWS_ENDPOINT_URL). */
  readonly endpointUrl: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** By the function's logical id. */
  readonly functionUrls: Readonly<Record<string, string>>;
  readonly resources: ReadonlyMap<string, Created>;
  /** Logical id at a construct path below the stack (`Functions/Dispatch`). Throws when there is none. */
  logicalIdAt(constructPath: string): string;
  /** `Event` resolves when the event is settled, its repetitions included. */
  invoke(
    logicalId: string,
    event: Json,
    how?: { readonly type: 'RequestResponse' | 'Event' },
  ): Promise<InvokeOutcome>;
  counts(): { readonly functions: readonly FunctionCounts[]; readonly aws: readonly ActionCount[] };
  /** Puts an event on the default bus; tells how many rules took it. */
  publishEvent(event: BusEvent): number;
  readonly faults: Faults;
  /** Ends a function's containers at once; tells how many. */
  kill(logicalId: string): number;
  /** Direct ways into the emulators for set-up and inspection; not counted as calls of the stack. */
  readonly emulators: Pick<Emulators, 'sqs' | 'dynamodb' | 'ssm' | 'kms' | 'secrets'>;
  /** Deletes the stack as CloudFormation would, custom resources included. Throws if one of them fails. */
  removeStack(): Promise<void>;
  /** Ends every process and port of the run. May be called twice. */
  close(): Promise<void>;
};

/** With two cores, more containers of one function only wait for each other. */
const CONTAINERS_MAX = 6;

/** Reads the synthesized template and runs it. Throws one sentence for whatever of it local mode does not model. */
export async function startStack(options: StartOptions): Promise<RunningStack> {
  const { assemblyDir, stackName, clock, workDir, overrides = {} } = options;
  const assembly = readAssembly(assemblyDir, stackName);
  const { template } = assembly;
  checkTypes(template);
  const misspelt = unknownParameters(template, overrides.parameters ?? {});
  if (misspelt.length > 0)
    throw new Error(`overrides.parameters not in the template: ${misspelt.join(', ')}`);

  const { region = 'us-east-1', account = LOCAL_ACCOUNT } = options;
  const identity = createIdentity(assembly.stackName, region, account);
  mkdirSync(workDir, { recursive: true });
  const emulators = await startEmulators({ clock, identity, workDir, ec2: options.ec2 });
  for (const [name, value] of Object.entries(overrides.ssmParameters ?? {})) emulators.ssm.put(name, value);

  const created = new Map<string, Created>();
  const context = contextOf(options, assembly, { emulators, identity });
  const scope = createScope({
    ...{ template, identity, created, given: overrides.parameters ?? {} },
    ssm: emulators.ssm.get,
    secret: emulators.secrets.text,
  });
  const close = closer(created, emulators);
  try {
    await createResources(template, scope, { context, created });
    const outputs = outputsOf(template, scope);
    return {
      ...{ identity, outputs, emulators, close, resources: created, endpointUrl: emulators.door.url },
      ...{
        faults: emulators.door.faults,
        kill: emulators.functions.kill,
        publishEvent: context.events.publish,
      },
      functionUrls: urlsOf(created, context),
      logicalIdAt: (path) => {
        const id = assembly.logicalIdAt(path);
        if (id === undefined) throw new Error(`no construct ${path} in ${assembly.stackName}`);
        return id;
      },
      invoke: (id, event, how) =>
        how?.type === 'Event'
          ? emulators.functions.invokeEvent(id, event)
          : emulators.functions.invoke(id, event),
      counts: () => ({ functions: emulators.functions.counts(), aws: emulators.door.counts.list() }),
      removeStack: () => removeResources(template, created),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function contextOf(
  options: StartOptions,
  assembly: Assembly,
  { emulators, identity }: { readonly emulators: Emulators; readonly identity: Identity },
): StackContext {
  const { clock, ec2, overrides = {} } = options;
  const unpack = createUnpacker(options.workDir, assembly.assetDirectory, options.assetOverlay);
  const containersMax = (id: string) => overrides.containersMax?.[id] ?? CONTAINERS_MAX;
  return {
    ...{ ...emulators, clock, identity, ec2, endpointUrl: emulators.door.url },
    events: createEventBus(clock, identity),
    unpackAsset: unpack.asset,
    unpackInline: unpack.inline,
    containersMax: (id, reserved) => Math.min(reserved ?? Number.POSITIVE_INFINITY, containersMax(id)),
    queues: new Map(),
    urlPort: (id) => overrides.urlPorts?.[id] ?? 0,
  };
}

function urlsOf(created: ReadonlyMap<string, Created>, context: StackContext): Record<string, string> {
  const urls = [...created.values()].flatMap(({ attributes }) => {
    const { FunctionUrl, FunctionArn } = attributes;
    const id = typeof FunctionArn === 'string' ? context.functions.find(FunctionArn) : undefined;
    return typeof FunctionUrl === 'string' && id !== undefined ? [[id, FunctionUrl] as const] : [];
  });
  return Object.fromEntries(urls);
}

/** Ends what runs by itself (pollers, schedules, servers) first, then what it runs on. */
function closer(created: ReadonlyMap<string, Created>, emulators: Emulators): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async () => {
    // Functions end with the pollers: a poller would else wait for its running invocations.
    const stops = [...created.values()].map((one) => one.stop?.());
    await Promise.all([emulators.functions.close(), ...stops]);
    await emulators.close();
  };
  return () => {
    closing ??= close();
    return closing;
  };
}
