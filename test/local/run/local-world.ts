import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MayflyConfig } from '../../../lib/config/compile.ts';
import { readConfig } from '../../../lib/config/read-config.ts';
import { createRunFolder } from '../../../local/run/folder.ts';
import { isSettled, type Snapshot } from '../../../local/run/snapshot.ts';
import { synthesize } from '../../../local/run/synth.ts';
import { look } from '../../../local/run/watch.ts';
import { queueJobs } from '../../../local/run/workload.ts';
import { type LocalWorld, startWorld } from '../../../local/run/world.ts';

/** Timers this much faster; the machine itself is not, so that deadlines of minutes are the shortest to lean on. */
const SPEED = 20;
/** A case that is not through by then hangs; the message shows where. */
const UNTIL_REAL_MS = 90_000;
const LOOK_REAL_MS = 100;

export interface Assembly {
  readonly dir: string;
  readonly config: MayflyConfig;
  remove(): void;
}

/** The project's own template, synthesized once for all cases of a file. */
export async function assemble(): Promise<Assembly> {
  const root = mkdtempSync(join(tmpdir(), 'mayfly-assembly-'));
  const read = readConfig('mayfly.yaml');
  if (!read.ok) throw new Error(read.problems.join('\n'));
  await synthesize(join(root, 'cdk.out'), 'mayfly.yaml');
  return {
    dir: join(root, 'cdk.out'),
    config: read.config,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export interface LocalStage {
  readonly world: LocalWorld;
  readonly folder: string;
  /** Every JIT configuration that left the simulated GitHub, as it left. */
  readonly jitsSent: readonly string[];
  functionId(name: string): string;
  queue(count: number): void;
  look(): Snapshot;
  /** Waits, bounded, until the picture is as wanted. */
  until(what: string, holds: (snapshot: Snapshot) => boolean): Promise<Snapshot>;
  /** Waits until every job is over and nothing is left. */
  untilQuiet(): Promise<Snapshot>;
  /** Every file that the run wrote, as one text. */
  written(): string;
  /** Calls `then` when GitHub has registered a runner, before its answer leaves. */
  afterMint(then: (minted: number) => void): void;
  close(): Promise<void>;
}

/** The real bundles and the real template on this machine, with hooks at the edges. */
export async function openLocalStage(assembly: Assembly): Promise<LocalStage> {
  const root = mkdtempSync(join(tmpdir(), 'mayfly-run-'));
  const folder = createRunFolder(root, 'test');
  const notes: string[] = [];
  const world = await startWorld({
    config: assembly.config,
    configPath: 'mayfly.yaml',
    speed: SPEED,
    folder,
    say: (line) => void notes.push(line),
    assemblyDir: assembly.dir,
  });
  const startedAt = world.clock.now();
  const jitsSent: string[] = [];
  const afterMints: ((minted: number) => void)[] = [];
  watchMints(world, (encoded) => {
    jitsSent.push(encoded);
    for (const then of afterMints) then(jitsSent.length);
  });
  const lookNow = (): Snapshot =>
    look({ ec2: world.region.model, github: world.forge.model }, { now: world.clock.now(), startedAt });
  const until = async (what: string, holds: (snapshot: Snapshot) => boolean): Promise<Snapshot> => {
    const endsAt = performance.now() + UNTIL_REAL_MS;
    for (;;) {
      const snapshot = lookNow();
      if (holds(snapshot)) return snapshot;
      if (performance.now() > endsAt)
        throw new Error(`not ${what}: ${JSON.stringify([snapshot, notes], null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_REAL_MS));
    }
  };
  const registrations = () => world.forge.model.truth.registrations(world.clock.now());
  return {
    world,
    folder: folder.path,
    jitsSent,
    functionId: (name) => world.stack.logicalIdAt(`Mayfly/${name}/Function`),
    queue: (count) => queueJobs(world.forge.model, assembly.config, { count, now: world.clock.now() }),
    look: lookNow,
    until,
    untilQuiet: () => until('quiet', (snapshot) => isSettled(snapshot) && registrations().length === 0),
    written: () => allText(folder.path),
    afterMint: (then) => void afterMints.push(then),
    close: async () => {
      await world.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Stands between GitHub and its callers, to see what leaves. */
function watchMints(world: LocalWorld, seen: (encoded: string) => void): void {
  const { model } = world.forge;
  const answer = model.request;
  Object.assign(model, {
    request: (...asked: Parameters<typeof answer>) => {
      const given = answer(...asked);
      const encoded: unknown = Object(given.body)['encoded_jit_config'];
      if (typeof encoded === 'string') seen(encoded);
      return given;
    },
  });
}

const LOGS = /\.(log|jsonl|json)$/;

const allText = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && LOGS.test(entry.name) && !entry.parentPath.includes('cdk.out'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
