import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod/mini';
import { places, placesParameter, type QueueName } from '../../lambdas/contracts/places.ts';
import { type ParkedMessage, runFile } from '../../lambdas/contracts/run-folder.ts';
import { objectsIn } from '../aws/allow-list.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { RunningStack } from '../stack/run.ts';
import { UsageError } from './options.ts';

/** The folder that a run leaves for `mayfly`: see lambdas/contracts/run-folder.ts for its form. */
export interface RunFolder {
  readonly name: string;
  readonly path: string;
  readonly logs: string;
  write(file: z.input<typeof runFile>): void;
}

/** Makes `.mayfly/runs/<name>/` below `root`. Throws one sentence when it may not write there. */
export function createRunFolder(root: string, name: string): RunFolder {
  const path = join(root, '.mayfly/runs', name);
  const logs = join(path, 'logs');
  try {
    prune(join(root, '.mayfly/runs'));
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(root, '.mayfly/latest'), `${name}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new UsageError(
      `${join(root, '.mayfly')}: want to write the run's folder there, got ${why}: run in a folder of your own.`,
    );
  }
  return {
    name,
    path,
    logs,
    write: (file) =>
      writeFileSync(join(path, 'run.json'), `${JSON.stringify(runFile.parse(file), null, 2)}\n`),
  };
}

/** A run holds some 20 MB of assets and logs; older ones have been looked at, or never will be. */
const RUNS_KEPT = 5;

/** Makes room for one more run: names are times, so the oldest sort first. */
function prune(runs: string): void {
  mkdirSync(runs, { recursive: true });
  const names = readdirSync(runs).sort();
  for (const name of names.slice(0, Math.max(0, names.length - RUNS_KEPT + 1))) {
    rmSync(join(runs, name), { recursive: true, force: true });
  }
}

/** Pages of a table scan: 1 MB each, so this is more than any local run writes. */
const PAGES_MAX = 1_000;

/** Writes every ledger item as one line of JSON; DynamoDB's own typed form, as an export would have it. Gives the rows. */
export async function dumpLedger(stack: RunningStack, folder: RunFolder): Promise<readonly JsonObject[]> {
  const rows: JsonObject[] = [];
  let from: JsonObject = {};
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await stack.emulators.dynamodb.call('Scan', {
      TableName: stack.outputs['LedgerTable'] ?? '',
      ...from,
    });
    rows.push(...objectsIn(answer['Items']));
    const last = answer['LastEvaluatedKey'];
    if (last === undefined || last === null) break;
    from = { ExclusiveStartKey: last };
  }
  writeFileSync(join(folder.path, 'ledger.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return rows;
}

/** The text at a path of such a row; undefined where there is none. */
export function textAt(row: JsonObject, ...[first = '', ...path]: readonly string[]): string | undefined {
  let value = row[first];
  for (const name of path) {
    const inner = isObject(value) ? value['M'] : undefined;
    value = isObject(inner) ? inner[name] : undefined;
  }
  const text = isObject(value) ? value['S'] : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** Receives of ten: more than any local run parks. */
const RECEIVES_MAX = 1_000;
/** Nothing is to see a dumped message again: the run is over. As long as SQS may hide one. */
const HIDDEN_SECONDS = 43_200;

/** Writes what the run left in its dead-letter queues, one message per line, and tells it. */
export async function dumpParked(stack: RunningStack, folder: RunFolder): Promise<readonly ParkedMessage[]> {
  const text = stack.emulators.ssm.get(placesParameter(stack.identity.stackName)) ?? '{}';
  const { queues } = places.parse(JSON.parse(text));
  const jobs = await takeParked(stack, 'jobs', queues.jobs.parkedUrl);
  const instances = await takeParked(stack, 'instances', queues.instances.parkedUrl);
  const parked = [...jobs, ...instances];
  writeFileSync(join(folder.path, 'dlq.jsonl'), parked.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return parked;
}

async function takeParked(stack: RunningStack, queue: QueueName, url: string): Promise<ParkedMessage[]> {
  const taken: ParkedMessage[] = [];
  for (let receives = 0; receives < RECEIVES_MAX; receives += 1) {
    const answer = await stack.emulators.sqs.call('ReceiveMessage', {
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: HIDDEN_SECONDS,
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
    });
    const messages = objectsIn(answer['Messages']);
    if (messages.length === 0) break;
    taken.push(...messages.map((message) => parkedOf(queue, message)));
  }
  return taken;
}

function parkedOf(queue: QueueName, { MessageId, Body, Attributes }: JsonObject): ParkedMessage {
  const told = isObject(Attributes) ? Attributes : {};
  return {
    queue,
    messageId: String(MessageId),
    body: String(Body),
    sentAt: Number(told['SentTimestamp'] ?? 0),
    receives: Number(told['ApproximateReceiveCount'] ?? 0),
  };
}
