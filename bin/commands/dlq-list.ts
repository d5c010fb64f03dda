import type { QueueName } from '../../lambdas/contracts/places.ts';
import { COMMON, COMMON_USAGE, oneOf, readArguments, targetOf, wholeNumber } from '../core/arguments.ts';
import type { Finding } from '../core/parked.ts';
import { EXIT, EXIT_CODES } from '../core/usage.ts';
import { lookUp } from '../flow/look-up.ts';
import { type Walked, walkParked } from '../flow/walk-parked.ts';
import type { Command } from './command.ts';
import { findingLines } from './say-parked.ts';

export const QUEUES: readonly QueueName[] = ['jobs', 'instances'];
/** Looked at in one go unless told: a screen of more helps nobody, and a walk hides what it looks at. */
const LIST_DEFAULT = 200;
/** What one walk gets through before SQS shows the first messages again. */
export const WALK_MAX = 1_000;

const USAGE = `mayfly dlq list (--stack NAME | --local) [options]

Lists what was parked because its function failed too often, oldest news included: what each message is, why it likely lies
there (from the ledger's timeline of its job or runner), and what "mayfly dlq replay" would do with it. Nothing is changed; while
it looks, up to some seconds, messages are hidden from others, and SQS counts one more receipt of each.

${COMMON_USAGE}  --queue NAME  only this queue: ${QUEUES.join(' or ')}
  --max N       look at N messages of a queue at most (default ${LIST_DEFAULT}, at most ${WALK_MAX})

Examples:
  mayfly dlq list --stack Mayfly
  mayfly dlq list --local --queue jobs --json

Permissions: ssm:GetParameter, sqs:ReceiveMessage, sqs:ChangeMessageVisibility, dynamodb:GetItem.
${EXIT_CODES}`;

interface Listed extends Walked {
  readonly queue: QueueName;
  readonly messages: readonly Finding[];
}

export const dlqList: Command = {
  name: 'dlq list',
  summary: 'what was parked in the dead-letter queues, and why',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments(
      'dlq list',
      { ...COMMON, queue: { type: 'string' }, max: { type: 'string' } },
      args,
    );
    const target = targetOf(values);
    const queues = values.queue === undefined ? QUEUES : [oneOf('queue', values.queue, QUEUES)];
    const max = values.max === undefined ? LIST_DEFAULT : wholeNumber('max', values.max, WALK_MAX);
    const stack = await desk.open(target);
    const listed: Listed[] = [];
    for (const queue of queues) {
      const messages: Finding[] = [];
      const walked = await walkParked(stack.parked[queue], {
        max,
        signal: desk.signal,
        visit: async (message) => {
          messages.push(await lookUp(message, stack));
          return false;
        },
      });
      listed.push({ queue, messages: messages.toSorted((a, b) => a.sentAt - b.sentAt), ...walked });
    }
    if (values.json === true) desk.print(`${JSON.stringify({ stack: stack.name, queues: listed })}\n`);
    else desk.print(text(listed, stack.now()));
    if (desk.signal.aborted) return EXIT.interrupted;
    return listed.every(({ fault }) => fault === null) ? EXIT.done : EXIT.short;
  },
};

const text = (listed: readonly Listed[], now: number): string =>
  `${listed
    .flatMap((one) => [
      `${one.queue} queue: ${one.messages.length === 0 ? 'nothing is parked' : `${one.messages.length} parked`}${unfinished(one)}`,
      ...one.messages.flatMap((finding) => findingLines(finding, now)),
    ])
    .join('\n')}\n`;

/** Never let a partial list look like all. */
export const unfinished = ({ isWhole, fault }: Walked): string =>
  isWhole
    ? ''
    : fault === null
      ? ' (there may be more: the walk was ended)'
      : ` (there may be more: ${fault})`;
