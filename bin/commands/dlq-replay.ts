import type { QueueName } from '../../lambdas/contracts/places.ts';
import { COMMON, COMMON_USAGE, oneOf, readArguments, targetOf } from '../core/arguments.ts';
import { EXIT, EXIT_CODES, UsageError } from '../core/usage.ts';
import { type Replayed, replayParked } from '../flow/replay-parked.ts';
import type { Walked } from '../flow/walk-parked.ts';
import type { Command, Desk } from './command.ts';
import { QUEUES, unfinished, WALK_MAX } from './dlq-list.ts';
import { resultLine } from './say-parked.ts';

const USAGE = `mayfly dlq replay (--stack NAME | --local) (--id ID ... | --all) [options]

Sends parked messages to the queue they came from, each by itself: receive, check with the ledger, send, delete. A message
whose job or instance is over, or that no function could read, is not sent, and it says so; dispatch checks the job again.
Safe to interrupt and to repeat: a message is always in one of the two queues, and one that is in both is absorbed.
At most ${WALK_MAX} messages of a queue in one go: repeat it for more.

${COMMON_USAGE}  --id ID       this message (see "mayfly dlq list"); may be given several times
  --all         every message
  --queue NAME  only this queue: ${QUEUES.join(' or ')}
  --dry-run     send nothing, say what would be sent (always so with --local: that run is over)

Examples:
  mayfly dlq replay --stack Mayfly --all --dry-run
  mayfly dlq replay --stack Mayfly --id 5f0c1f8e-4c1b-4a63-9f0d-3a6f3e1f2c11
  mayfly dlq replay --stack Mayfly --queue jobs --all --json

Permissions: ssm:GetParameter, sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:SendMessage, sqs:DeleteMessage, dynamodb:GetItem.
${EXIT_CODES}A message that is over counts as done; one that is unreadable, blocked, not sent or not found counts as undone.
`;

const OPTIONS = {
  ...COMMON,
  id: { type: 'string', multiple: true },
  all: { type: 'boolean' },
  queue: { type: 'string' },
  'dry-run': { type: 'boolean' },
} as const;

interface Done {
  readonly results: readonly Replayed[];
  readonly walks: readonly (Walked & { readonly queue: QueueName })[];
  /** Ids that no queue showed. */
  readonly missing: readonly string[];
}

export const dlqReplay: Command = {
  name: 'dlq replay',
  summary: 'send parked messages again, after a check that they can still do their work',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments('dlq replay', OPTIONS, args);
    const target = targetOf(values);
    const ids = chosen(values.id, values.all === true);
    const queues = values.queue === undefined ? QUEUES : [oneOf('queue', values.queue, QUEUES)];
    const stack = await desk.open(target);
    const isDry = values['dry-run'] === true || !stack.isLive;
    const results: Replayed[] = [];
    const walks: (Walked & { queue: QueueName })[] = [];
    for (const queue of queues) {
      const { signal } = desk;
      const onResult = (one: Replayed): void => {
        results.push(one);
        if (values.json !== true) desk.print(`${resultLine(one)}\n`);
      };
      walks.push({
        queue,
        ...(await replayParked(stack, { queue, ids, isDry, max: WALK_MAX, signal, onResult })),
      });
    }
    const met = new Set(results.map(({ finding }) => finding.messageId));
    const missing = [...(ids ?? [])].filter((id) => !met.has(id));
    const all: Done = { results, walks, missing };
    tell(all, desk, { isJson: values.json === true, isDry, stack: stack.name });
    return desk.signal.aborted ? EXIT.interrupted : exitCode(all);
  },
};

function chosen(ids: readonly string[] | undefined, isAll: boolean): ReadonlySet<string> | undefined {
  if (ids === undefined && !isAll) throw new UsageError('want --id ID (once or more) or --all, got neither.');
  if (ids !== undefined && isAll) throw new UsageError('want --id ID (once or more) or --all, got both.');
  return ids && new Set(ids);
}

const isDone = ({ finding, result }: Replayed): boolean =>
  result === 'replayed' || result === 'would-replay' || (result === 'left' && finding.verdict === 'over');

const exitCode = ({ results, walks, missing }: Done): number =>
  results.every(isDone) && walks.every(({ isWhole }) => isWhole) && missing.length === 0
    ? EXIT.done
    : EXIT.short;

function tell(
  { results, walks, missing }: Done,
  desk: Desk,
  how: { readonly isJson: boolean; readonly isDry: boolean; readonly stack: string },
): void {
  const count = (result: Replayed['result']): number => results.filter((one) => one.result === result).length;
  if (how.isJson) {
    const messages = results.map(({ finding, result, fault }) => ({ ...finding, result, fault }));
    const report = {
      stack: how.stack,
      dryRun: how.isDry,
      replayed: count('replayed'),
      messages,
      missing,
      walks,
    };
    desk.print(`${JSON.stringify(report)}\n`);
    return;
  }
  for (const id of missing) desk.print(`  ${id}  is in none of the queues looked at\n`);
  const sent = how.isDry ? `${count('would-replay')} would be sent again` : `${count('replayed')} sent again`;
  const failed = count('failed') + count('copy-stays');
  const ends = walks.map((walk) => unfinished(walk)).find((end) => end !== '') ?? '';
  desk.print(`${sent}, ${count('left')} left, ${failed} failed${ends}.\n`);
}
