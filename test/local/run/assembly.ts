import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { synthesize } from '../../../local/run/synth.ts';

export const ROOT = join(import.meta.dirname, '../../..');
export const CONFIG = join(ROOT, 'mayfly.yaml');

/** Everything that a synthesis reads. */
const SOURCES = ['bin/app.ts', 'lib', 'lambdas', 'cdk.json', 'mayfly.yaml', 'package-lock.json'];
const PREFIX = 'mayfly-assembly-';
/** Assemblies of older sources are of no use to anybody. */
const KEPT_MS = 24 * 3_600_000;
/** Looks at a synthesis that another test file makes: some seconds of work, far more on a busy machine. */
const LOOKS_MAX = 1_800;
const LOOK_EVERY_MS = 100;

function filesIn(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((source) => filesIn(join(ROOT, source)))) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** The synthesized project. All test files share one: it is made once for each state of the sources, by whoever is first. */
export async function sharedAssembly(): Promise<string> {
  const place = join(tmpdir(), `${PREFIX}${sourcesHash()}`);
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    if (existsSync(place)) return place;
    if (takeLock(`${place}.lock`)) return synthesizeInto(place);
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`${place}: another test file holds its lock but made nothing: remove ${place}.lock`);
}

async function synthesizeInto(place: string): Promise<string> {
  try {
    // Somebody may have finished between our look and our lock.
    if (existsSync(place)) return place;
    dropOld();
    const draft = `${place}.${process.pid}`;
    await synthesize(draft, CONFIG);
    renameSync(draft, place);
    return place;
  } finally {
    rmSync(`${place}.lock`, { recursive: true, force: true });
  }
}

/** A folder is made by one of many. A lock whose owner is dead counts as none. */
function takeLock(lock: string): boolean {
  const owner = join(lock, 'pid');
  try {
    mkdirSync(lock);
    writeFileSync(owner, String(process.pid));
    return true;
  } catch {
    if (existsSync(owner) && !isAlive(Number(readFileSync(owner, 'utf8'))))
      rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function dropOld(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const path = join(tmpdir(), name);
    const seen = statSync(path, { throwIfNoEntry: false });
    if (seen !== undefined && Date.now() - seen.mtimeMs > KEPT_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
