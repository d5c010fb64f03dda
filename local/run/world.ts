import { join } from 'node:path';
import type { MayflyConfig } from '../../lib/config/compile.ts';
import { type Clock, createClock } from '../clock.ts';
import { createQueryServer } from '../ec2/query-server.ts';
import { bundleInstance } from '../instance/bundle.ts';
import { readAssembly } from '../stack/assembly.ts';
import { type RunningStack, startStack } from '../stack/run.ts';
import type { RunFolder } from './folder.ts';
import { type Forge, type ForgeOptions, startForge } from './forge.ts';
import { createMachines, type Machines } from './machines.ts';
import { createRegion, LOCAL_REGION, type Region, type RegionOptions } from './region.ts';
import { synthesize } from './synth.ts';

/** Everything of a local run that is up: the stack, the simulated EC2 and GitHub, the booted machines. */
export interface LocalWorld {
  readonly clock: Clock;
  readonly stack: RunningStack;
  readonly region: Region;
  readonly forge: Forge;
  readonly machines: Machines;
  /** Ends every process and port. May be called twice. */
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly config: MayflyConfig;
  readonly configPath: string;
  readonly speed: number;
  readonly folder: RunFolder;
  /** Told what is being started, and what goes wrong. */
  readonly say: (line: string) => void;
  /** A fixed assembly instead of a fresh synthesis: tests share one. */
  readonly assemblyDir?: string;
  readonly seed?: string;
  /** Ends a synthesis that is under way; whatever else has started is ended by `close`. */
  readonly stopped?: AbortSignal;
  /** Port of the webhook's address; a free one unless told. */
  readonly port?: number | undefined;
  /** For tests: what is unkind about EC2, and what stands between GitHub and its callers. */
  readonly knobs?: RegionOptions['knobs'];
  readonly overGitHub?: ForgeOptions['overModel'];
}

/** How often the simulated worlds are moved on, in real ms: far below every delay that they model. */
const TICK_REAL_MS = 20;

/** Starts all parts in order; what was started is ended again if a later part fails. */
export async function startWorld(options: WorldOptions): Promise<LocalWorld> {
  const { config, folder, say, seed = 'mayfly' } = options;
  const closers: (() => Promise<void> | void)[] = [];
  const close = closing(closers);
  try {
    const assemblyDir = options.assemblyDir ?? join(folder.path, 'cdk.out');
    if (options.assemblyDir === undefined) {
      say('synthesizing the stack (cdk synth)');
      await synthesize(assemblyDir, options.configPath, options.stopped);
    }
    say('starting the synthesized template: functions, queues, table, rules');
    const clock = createClock({ epochMs: Date.now(), speed: options.speed });
    const region = await createRegion(config, { seed, knobs: options.knobs });
    const { model } = region;
    const ec2 = {
      handle: createQueryServer({ model, now: clock.now }).handle,
      addSubnet: (subnet: Parameters<typeof model.addSubnet>[0]) => model.addSubnet(subnet),
    };
    const webhook = readAssembly(assemblyDir).logicalIdAt('Mayfly/Webhook/Function') ?? '';
    const urlPorts = options.port === undefined ? {} : { [webhook]: options.port };
    const overrides = { ssmParameters: region.ssmParameters, urlPorts };
    const stack = await startStack({
      ...{ assemblyDir, ec2, clock, overrides, region: LOCAL_REGION, assetOverlay: region.overlay },
      workDir: folder.path,
    });
    closers.push(() => stack.close());
    say('starting a simulated GitHub and a simulated EC2');
    const forge = await startForge(stack, clock, { seed, overModel: options.overGitHub });
    closers.push(() => forge.close());
    const bundles = await bundleInstance(join(folder.path, 'instance'));
    const logsDir = folder.logs;
    const machines = createMachines({
      region,
      clock,
      bundles,
      logsDir,
      workDir: join(folder.path, 'machines'),
      warn: say,
    });
    closers.push(() => machines.close());
    const ticking = setInterval(() => tick({ region, stack, machines, forge, clock }), TICK_REAL_MS);
    closers.push(() => clearInterval(ticking));
    return { clock, stack, region, forge, machines, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Last started, first ended. */
function closing(closers: (() => Promise<void> | void)[]): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    for (const one of closers.toReversed()) await one();
  };
  return () => {
    closed ??= run();
    return closed;
  };
}

function tick(world: Omit<LocalWorld, 'close'>): void {
  const { region, stack, machines, forge, clock } = world;
  const { events, notices } = region.model.advance(clock.now());
  for (const notice of notices) {
    if (notice.kind === 'instance-running') machines.boot(notice.instanceId);
    else machines.end(notice.instanceId, notice.kind === 'instance-gone' || notice.abrupt);
  }
  for (const event of events) stack.publishEvent({ ...event });
  forge.tick();
}
