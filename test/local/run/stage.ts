import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createDynamoLedger, ledgerClient } from '../../../lambdas/adapters/dynamodb-ledger.ts';
import type { MetricName } from '../../../lambdas/contracts/metrics.ts';
import type { Ledger } from '../../../lambdas/ports/ledger.ts';
import { readConfig } from '../../../lib/config/read-config.ts';
import type { GitHubModel } from '../../../local/github/model.ts';
import type { RegistrationTruth } from '../../../local/github/truth.ts';
import { isObject, type Json, type JsonObject, parseJsonObject } from '../../../local/json.ts';
import { createRunFolder, type RunFolder } from '../../../local/run/folder.ts';
import { isSettled, type Snapshot } from '../../../local/run/snapshot.ts';
import { render } from '../../../local/run/table.ts';
import { look } from '../../../local/run/watch.ts';
import { type LocalWorld, startWorld, type WorldOptions } from '../../../local/run/world.ts';
import { CONFIG, sharedAssembly } from './assembly.ts';

/** Far below `it` can take: what the slowest wait here needs on two idle cores is a fifth of it. */
export const STAGE_TEST_MS = 180_000;
/** How long a condition is waited for, in real ms, and how often it is looked at. */
const UNTIL_MAX_MS = 90_000;
const LOOK_EVERY_MS = 25;
/** Fast, and slow enough that the five virtual minutes of a claim are twelve seconds of a busy machine. */
const SPEED = 25;
/** Lines of each log that a failed wait shows. */
const TAIL_LINES = 12;

/** A whole local run under test: the synthesized template, the real bundles, both models, real processes. */
export interface Stage extends LocalWorld {
  readonly folder: RunFolder;
  /** A folder outside the run's for what jobs are to leave behind. */
  readonly proofs: string;
  readonly ledger: Ledger;
  /** The truth of both models now. */
  snapshot(): Snapshot;
  issued(): readonly RegistrationTruth[];
  registrations(): readonly RegistrationTruth[];
  /** Queues jobs for linux-x64, all in one run of acme/app; returns their ids. */
  queue(...jobs: readonly Partial<JobWish>[]): readonly string[];
}

type JobWish = Parameters<GitHubModel['createRun']>[0]['jobs'][number];
export type StageOptions = Pick<WorldOptions, 'knobs' | 'overGitHub'> & { readonly speed?: number };

export const LABELS = ['self-hosted', 'linux', 'x64'] as const;
const JOB: JobWish = { name: 'build', labels: [...LABELS], steps: [{ name: 'work', run: 'true' }] };

/** Starts a run, does something with it, ends it and removes its folders. */
export async function withStage(options: StageOptions, act: (stage: Stage) => Promise<void>): Promise<void> {
  const config = readConfig(CONFIG);
  if (!config.ok) throw new Error(config.problems.join('\n'));
  const assemblyDir = await sharedAssembly();
  const root = mkdtempSync(join(tmpdir(), 'mayfly-stage-'));
  const proofs = mkdtempSync(join(tmpdir(), 'mayfly-proofs-'));
  const folder = createRunFolder(root, 'test');
  let world: LocalWorld | undefined;
  try {
    world = await startWorld({
      ...{ speed: SPEED, ...options, config: config.config, configPath: CONFIG, folder, assemblyDir },
      say: () => undefined,
    });
    await act({ ...world, ...eyesOf(world), folder, proofs });
  } finally {
    await world?.close();
    for (const path of [root, proofs]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  }
}

function eyesOf(world: LocalWorld) {
  const { clock, forge, region, stack } = world;
  const startedAt = clock.now();
  const { truth } = forge.model;
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'none' };
  const client = ledgerClient({ endpoint: stack.endpointUrl, region: stack.identity.region, credentials });
  return {
    ledger: createDynamoLedger({ client, table: stack.outputs['LedgerTable'] ?? '', clock }),
    snapshot: () => look({ ec2: region.model, github: forge.model }, { now: clock.now(), startedAt }),
    issued: () => truth.issued(clock.now()),
    registrations: () => truth.registrations(clock.now()),
    queue: (...jobs: readonly Partial<JobWish>[]) =>
      forge.model
        .createRun(
          {
            repository: 'acme/app',
            event: 'push',
            actor: 'ann',
            jobs: jobs.map((job) => ({ ...JOB, ...job })),
          },
          clock.now(),
        )
        .jobs.map(({ jobId }) => jobId),
  };
}

/** Nothing runs, waits or is left: every job over, every instance terminated, no registration listed. */
export const isQuiet = (stage: Stage): boolean =>
  isSettled(stage.snapshot()) && stage.registrations().length === 0;

/** Waits until `condition` gives anything but undefined or false; a wait in vain shows what there is to see. */
export async function until<T>(
  stage: Stage,
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (let look = 0; look < UNTIL_MAX_MS / LOOK_EVERY_MS; look += 1) {
    const seen = await condition();
    if (seen !== undefined && seen !== false) return seen;
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`not within ${UNTIL_MAX_MS / 1000} s: ${what}\n${picture(stage)}`);
}

function picture(stage: Stage): string {
  const { logs } = stage.folder;
  const tails = readdirSync(logs).map((name) => {
    const lines = readFileSync(join(logs, name), 'utf8').trimEnd().split('\n');
    return [`--- ${name}`, ...lines.slice(-TAIL_LINES)].join('\n');
  });
  return [
    render(stage.snapshot(), { columns: 120, rows: 60, colour: false }),
    `registrations: ${JSON.stringify(stage.issued(), null, 1)}`,
    `faults not hit: ${stage.stack.faults.left()}`,
    ...tails,
  ].join('\n');
}

/** Every line of JSON that holds this word, over all logs of the run. */
const linesWith = (stage: Stage, word: string): readonly JsonObject[] =>
  readdirSync(stage.folder.logs).flatMap((name) =>
    readFileSync(join(stage.folder.logs, name), 'utf8')
      .split('\n')
      .filter((line) => line.includes(`"${word}"`))
      .map((line) => parseJsonObject(line))
      .filter((entry) => entry !== undefined),
  );

/** What functions logged under this message: the fields beside it, in the order of each log. */
export const logged = (stage: Stage, message: string): readonly JsonObject[] =>
  linesWith(stage, message).flatMap((entry) =>
    entry['message'] === message && isObject(entry['with']) ? [entry['with']] : [],
  );

/** How much the functions counted under a metric. */
export const counted = (stage: Stage, metric: MetricName): number =>
  linesWith(stage, metric).reduce((sum, entry) => sum + (Number(entry[metric]) || 0), 0);

/** The value at a path of a call's parameters; undefined where there is none. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((seen, key) => (isObject(seen) ? seen[key] : undefined), value);
}

/** A GitHub that does something of its own around the one call that mints. */
export const aroundMint =
  (
    act: (mint: () => ReturnType<GitHubModel['request']>, name: string) => ReturnType<GitHubModel['request']>,
  ) =>
  (model: GitHubModel): GitHubModel => ({
    ...model,
    request: (request, now) => {
      const isMint = request.path.endsWith('/generate-jitconfig');
      const body = isObject(request.body) ? request.body : {};
      return isMint
        ? act(() => model.request(request, now), String(body['name']))
        : model.request(request, now);
    },
  });

/** The instance that a registration was minted for: its name says so. */
export const instanceOf = ({ name }: Pick<RegistrationTruth, 'name'>): string =>
  /i-[0-9a-f]+/.exec(name)?.[0] ?? name;

export type FunctionName = 'Webhook' | 'Dispatch' | 'Claim' | 'Report' | 'Observe' | 'Sweep' | 'Teardown';

export const idOf = ({ stack }: Pick<Stage, 'stack'>, name: FunctionName): string =>
  stack.logicalIdAt(`Mayfly/${name}/Function`);

/** Invocations of one function that have ended so far. */
export function invocations(stage: Stage, name: FunctionName): number {
  const id = idOf(stage, name);
  return stage.stack.counts().functions.find(({ logicalId }) => logicalId === id)?.invocations ?? 0;
}

/** How often the stack called an action of AWS so far. */
export const awsCalls = ({ stack }: Stage, wanted: string): number =>
  stack.counts().aws.find(({ action }) => action === wanted)?.calls ?? 0;
