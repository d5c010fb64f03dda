import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { stored } from '../../lambdas/adapters/ledger-check.ts';
import { systemClock } from '../../lambdas/adapters/system.ts';
import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import {
  type ParkedMessage,
  parkedMessage,
  type RunFile,
  runFile,
} from '../../lambdas/contracts/run-folder.ts';
import { done, failed } from '../../lambdas/ports/outcome.ts';
import { UsageError } from '../core/usage.ts';
import type { ParkedQueue, Received, Stack } from '../ports/stack.ts';
import { openDeployedStack } from './deployed-stack.ts';
import { createLeftLedger } from './left-ledger.ts';

/** The latest local run below `root`: as it runs, or what it left. Throws a UsageError. */
export async function openLocalRun(root: string): Promise<Stack> {
  const run = textOf(join(root, '.mayfly/latest')).trim();
  const folder = join(root, '.mayfly/runs', run);
  const file = runFile.safeParse(parsed(textOf(join(folder, 'run.json')), 'run.json'));
  if (!file.success)
    throw new UsageError(`${folder}/run.json: want the file of a run, got another: run npm start again.`);
  return file.data.endedAt === null ? openLive(file.data, folder) : openLeft(file.data, folder);
}

/** A run that lasts is a stack like any other, at an address of this machine and in its own time. */
async function openLive({ name, live, speed }: RunFile, folder: string): Promise<Stack> {
  const killed = `${folder}: want a run that lasts or has ended, but this one was killed: run npm start again.`;
  if (live === undefined) throw new UsageError(killed);
  const { endpointUrl: endpoint, region, stackName, epochMs } = live;
  const credentials = { accessKeyId: 'LOCALOPERATOR', secretAccessKey: 'none' };
  const now = (): number => Math.floor(epochMs + (systemClock.now() - epochMs) * speed);
  const clock = { now, sleep: (ms: number) => systemClock.sleep(ms / speed) };
  try {
    const stack = await openDeployedStack(stackName, { endpoint, region, credentials }, clock);
    return { ...stack, name: `local run ${name}` };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(killed);
    throw error;
  }
}

function openLeft({ name, endedAt, ledgerNow, stackId }: RunFile, folder: string): Stack {
  const rows = new Map(linesOf(join(folder, 'ledger.jsonl')).flatMap(rowOf));
  const parked = parkedIn(join(folder, 'dlq.jsonl'));
  const queue = (wanted: 'jobs' | 'instances'): ParkedQueue =>
    leftQueue(
      parked.filter(({ queue: of }) => of === wanted).map((message) => ({ ...message, receipt: '' })),
    );
  return {
    name: `local run ${name}`,
    isLive: false,
    now: () => ledgerNow ?? endedAt ?? 0,
    stackId,
    parked: { jobs: queue('jobs'), instances: queue('instances') },
    pools: [...rows.keys()].flatMap((key) => (key.startsWith('pool#') ? [key.slice(5)] : [])),
    ledger: createLeftLedger(rows),
    findJobs: async (where, { onRead }) => {
      onRead(rows.size);
      const jobs = [...rows].flatMap(([key, row]) =>
        key.startsWith('job#') ? [stored('job', key, row)] : [],
      );
      const isFound = (job: JobItem): boolean =>
        'runId' in where ? job.runId === where.runId : job.outcome === where.outcome;
      return done({ jobs: jobs.filter(isFound), isWhole: true });
    },
  };
}

function parkedIn(path: string): readonly ParkedMessage[] {
  const read = z.array(parkedMessage).safeParse(linesOf(path));
  if (read.success) return read.data;
  throw new UsageError(`${path}: want parked messages, got another line: run npm start again.`);
}

/** The messages once, in order. The run is over: there is nowhere to send them. */
function leftQueue(messages: readonly Received[]): ParkedQueue {
  const left = [...messages];
  const over = async () => failed({ kind: 'refused', code: 'run-over' });
  return {
    receive: async () => done(left.splice(0, 10)),
    release: async () => done(undefined),
    count: async () => done({ waiting: 0, parked: messages.length }),
    resend: over,
    remove: over,
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(
      `--local: want a local run in this folder, but ${path} is missing: run npm start first.`,
    );
  }
}

const linesOf = (path: string): unknown[] =>
  textOf(path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parsed(line, path));

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${path}: want JSON, got another text: run npm start again.`);
  }
}

const row = z.object({ pk: z.object({ S: z.string() }), item: z.optional(z.unknown()) });

/** Key and item of a row in DynamoDB's own form. */
function rowOf(line: unknown): [string, unknown][] {
  const read = row.safeParse(line);
  return read.success ? [[read.data.pk.S, plain(read.data.item)]] : [];
}

/** A value without its type: `{"N":"5"}` is 5. The ledger stores no sets and no binary. */
function plain(value: unknown): unknown {
  const [entry] = Object.entries(Object(value));
  if (entry === undefined) return undefined;
  const [type, inner] = entry;
  if (type === 'NULL') return null;
  if (type === 'N') return Number(inner);
  if (type === 'L') return Array.isArray(inner) ? inner.map(plain) : [];
  if (type !== 'M') return inner;
  return Object.fromEntries(Object.entries(Object(inner)).map(([name, one]) => [name, plain(one)]));
}
