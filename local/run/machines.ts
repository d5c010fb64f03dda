import { join } from 'node:path';
import { type Clock, clockEnvironment } from '../clock.ts';
import { type Imds, imdsInstance, startImds } from '../ec2/imds.ts';
import { signContent } from '../identity/sign.ts';
import { type BootedInstance, bootInstance } from '../instance/boot.ts';
import type { InstanceBundles } from '../instance/bundle.ts';
import { LOCAL_REGION, type Region } from './region.ts';

/** The booted instances of a run: each is a metadata endpoint and a process group. */
export interface Machines {
  boot(instanceId: string): void;
  /** Every instance that was ever booted. */
  readonly booted: ReadonlySet<string>;
  /** EC2 ends it: abrupt without asking the operating system. */
  end(instanceId: string, abrupt: boolean): void;
  /** Ends all at once and waits until nothing of them is left. */
  close(): Promise<void>;
}

export interface MachinesParts {
  readonly region: Region;
  readonly clock: Clock;
  readonly bundles: InstanceBundles;
  readonly workDir: string;
  readonly logsDir: string;
  /** Told of what went wrong on this side: a process that could not start. */
  readonly warn: (line: string) => void;
}

interface Machine {
  readonly booted: BootedInstance;
  readonly imds: Imds;
}

export function createMachines(parts: MachinesParts): Machines {
  const machines = new Map<string, Promise<Machine | undefined>>();
  const booted = new Set<string>();
  const start = async (instanceId: string): Promise<Machine | undefined> => {
    try {
      return await bootMachine(instanceId, parts, () => machines.delete(instanceId));
    } catch (error) {
      parts.warn(
        `${instanceId} could not be booted: ${error instanceof Error ? error.message : 'unknown error'}`,
      );
      parts.region.model.powerOff(instanceId, parts.clock.now());
      return undefined;
    }
  };
  return {
    booted,
    boot: (instanceId) => {
      booted.add(instanceId);
      machines.set(instanceId, start(instanceId));
    },
    end: (instanceId, abrupt) => {
      void machines
        .get(instanceId)
        ?.then((machine) => (abrupt ? machine?.booted.kill() : machine?.booted.shutDown()));
    },
    close: async () => {
      const all = await Promise.all(machines.values());
      for (const machine of all) machine?.booted.kill();
      await Promise.allSettled(all.map((machine) => machine?.booted.exited));
      await Promise.allSettled(all.map((machine) => machine?.imds.close()));
    },
  };
}

async function bootMachine(instanceId: string, parts: MachinesParts, onGone: () => void): Promise<Machine> {
  const { region, clock, bundles, workDir, logsDir } = parts;
  const { model, key } = region;
  const imds = await startImds({
    instance: imdsInstance(model, instanceId, LOCAL_REGION),
    signDocument: (document) => signContent(Buffer.from(document), key, clock.now()),
    isReachable: () => model.isMetadataReachable(instanceId, clock.now()),
    now: clock.now,
    spotAction: () => model.spotAction(instanceId, clock.now()),
  });
  const booted = bootInstance({
    instance: { instanceId },
    imds,
    bundles,
    workDir,
    clockEnv: clockEnvironment(clock),
    logFile: join(logsDir, `${instanceId}.log`),
    onPoweredOff: () => model.powerOff(instanceId, clock.now()),
  });
  const gone = (): void => {
    onGone();
    void imds.close();
  };
  booted.exited.then(gone, (error: unknown) => {
    parts.warn(
      `${instanceId} ended with an error: ${error instanceof Error ? error.message : 'unknown error'}`,
    );
    model.powerOff(instanceId, clock.now());
    gone();
  });
  return { booted, imds };
}
