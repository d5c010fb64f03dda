import type { QueueName } from '../../lambdas/contracts/places.ts';
import { REASONS, type Reason } from '../../lambdas/contracts/reasons.ts';
import { COMMON, COMMON_USAGE, readArguments, targetOf } from '../core/arguments.ts';
import { type PoolStatus, type Status, statusOf } from '../core/status.ts';
import { EXIT, EXIT_CODES } from '../core/usage.ts';
import { standingOf } from '../flow/gather-status.ts';
import type { QueueCounts, Stack } from '../ports/stack.ts';
import type { Command, Desk } from './command.ts';
import { QUEUES } from './dlq-list.ts';
import { age } from './say-parked.ts';
import { moment, OVERDUE_MS } from './say-why.ts';

const USAGE = `mayfly status (--stack NAME | --local) [options]

How the stack stands: jobs by state and by what they wait for, runners by pool, launches, stops, budgets, queues, parked messages. Everything
is read from the ledger and the queues; GitHub and EC2 are not asked.

${COMMON_USAGE}  --denials     also count the jobs that were denied in the last 24 hours, by reason (reads the whole table)

Examples:
  mayfly status --stack Mayfly
  mayfly status --stack Mayfly --denials
  watch -n 10 mayfly status --stack Mayfly
  mayfly status --local --json

Permissions: ssm:GetParameter, dynamodb:GetItem, BatchGetItem and Query, sqs:GetQueueAttributes; dynamodb:Scan for --denials.
${EXIT_CODES}A pool on hold, parked messages, and work that the sweep has left for more than three minutes count as undone: exit code 1.
`;

type Queues = Readonly<Record<QueueName, QueueCounts | null>>;

export const status: Command = {
  name: 'status',
  summary: 'jobs by state, runners by pool, launches, stops, budgets, queues',
  usage: USAGE,
  run: async (args, desk) => {
    const values = readArguments('status', { ...COMMON, denials: { type: 'boolean' } }, args);
    const stack = await desk.open(targetOf(values));
    const standing = await standingOf(stack);
    if (!standing.ok) {
      desk.note(`The ledger did not answer (${standing.fault.code}): try again.\n`);
      return EXIT.short;
    }
    const told = statusOf(standing.value);
    const { now } = standing.value;
    const queues = await queuesOf(stack);
    const denials = values.denials === true ? await denialsOf(stack, now, desk) : undefined;
    if (denials === null) return EXIT.short;
    if (values.json === true)
      desk.print(
        `${JSON.stringify({ stack: stack.name, now, ...told, queues, ...(denials && { denials }) })}\n`,
      );
    else {
      const all = [...lines(told, queues, { now, stack: stack.name }), ...denialLines(denials)];
      desk.print(`${all.join('\n')}\n`);
    }
    return isCalm(told, queues, stack) ? EXIT.done : EXIT.short;
  },
};

const DAY_MS = 24 * 3_600_000;

type Denials = readonly { readonly reason: Reason; readonly jobs: number; readonly latest: string }[];

/** Null: they could not be read, and it was said. */
async function denialsOf(stack: Stack, now: number, desk: Desk): Promise<Denials | null> {
  const onRead = (items: number): void => desk.progress(`${items} items read\n`);
  const found = await stack.findJobs({ outcome: 'denied' }, { signal: desk.signal, onRead });
  if (!found.ok) {
    desk.note(`The ledger did not answer (${found.fault.code}): try again.\n`);
    return null;
  }
  if (!found.value.isWhole) desk.note('There may be more denials: the table was not read to its end.\n');
  const recent = found.value.jobs
    .filter(({ at }) => now - at.received <= DAY_MS)
    .toSorted((a, b) => b.at.received - a.at.received);
  return [...Map.groupBy(recent, ({ intent }) => intent.reason)]
    .map(([reason, jobs]) => ({ reason, jobs: jobs.length, latest: jobs[0]?.jobId ?? '' }))
    .toSorted((a, b) => b.jobs - a.jobs);
}

function denialLines(denials: Denials | undefined): readonly string[] {
  if (denials === undefined) return [];
  if (denials.length === 0) return ['denied    none in the last 24 hours'];
  return denials.map(
    ({ reason, jobs, latest }) =>
      `denied    ${jobs} for ${reason}: ${REASONS[reason]} (latest: job ${latest})`,
  );
}

async function queuesOf(stack: Stack): Promise<Queues> {
  const of = async (name: QueueName) => {
    const counts = await stack.parked[name].count();
    return counts.ok ? counts.value : null;
  };
  return { jobs: await of('jobs'), instances: await of('instances') };
}

/** What is due in a run that is over stays due: that says nothing of its sweep. */
function isCalm({ pools, overdueMs, isWhole }: Status, queues: Queues, { isLive }: Stack): boolean {
  const isLate = isLive && overdueMs > OVERDUE_MS;
  const isParked = QUEUES.some((name) => (queues[name]?.parked ?? 1) > 0);
  return isWhole && !isLate && !isParked && pools.every(({ heldUntil }) => heldUntil === null);
}

function lines(
  told: Status,
  queues: Queues,
  { now, stack }: { readonly now: number; readonly stack: string },
): readonly string[] {
  const { jobs, oldestQueued, waitingFor, overdueMs } = told;
  const oldest =
    oldestQueued === null
      ? ''
      : `; the oldest has waited ${age(oldestQueued.waitedMs)} (job ${oldestQueued.jobId} of ${oldestQueued.repository})`;
  return [
    `${stack} at ${new Date(now).toISOString().slice(0, 19)}Z`,
    `jobs      ${jobs.held} held, ${jobs.waiting} waiting, ${jobs.launching} launching, ${jobs.running} running${oldest}`,
    ...waitingFor.map(
      ({ reason, jobs: n }) => `          ${String(n).padStart(4)}  ${reason}: ${REASONS[reason]}`,
    ),
    ...told.pools.map((pool) => poolLine(pool, now)),
    `launches  ${told.launchesOpen} open`,
    ...stopLines(told),
    ...told.budgets.map(({ name, tokens, closedUntil }) => {
      const pause =
        closedUntil !== null && closedUntil > now ? `, closed until ${moment(closedUntil, now)}` : '';
      return `budget    ${name}: ${tokens} left when last drawn${pause}`;
    }),
    ...QUEUES.map((name) => queueLine(name, queues[name])),
    ...(overdueMs > OVERDUE_MS
      ? [`LATE      something was due ${age(overdueMs)} ago: does the sweep run?`]
      : []),
    ...(told.isWhole
      ? []
      : ['PARTIAL   there is more under way than one look shows: the counts are too low']),
  ];
}

function poolLine(
  { pool, runners, live, neverOnline, heldUntil, heldReason }: PoolStatus,
  now: number,
): string {
  const { launched, claimed, online, busy, ending } = runners;
  const hold =
    heldUntil !== null && heldReason !== null
      ? `; ON HOLD until ${moment(heldUntil, now)}: ${REASONS[heldReason]}`
      : '';
  const failed = neverOnline > 0 ? `; ${neverOnline} in a row never came online` : '';
  return `pool      ${pool}: ${live} count against its ceiling: ${launched} booting, ${claimed} claimed, ${online} idle, ${busy} busy, ${ending} ending${failed}${hold}`;
}

function stopLines({ stopped }: Status): readonly string[] {
  const names = [...(stopped.all ? ['the whole stack'] : []), ...stopped.pools, ...stopped.repositories];
  return names.length === 0 ? [] : [`STOPPED   ${names.join(', ')}: "mayfly resume" lets launches go on`];
}

function queueLine(name: QueueName, counts: QueueCounts | null): string {
  if (counts === null) return `queue     ${name}: SQS did not answer`;
  const parked = counts.parked > 0 ? `${counts.parked} PARKED: see "mayfly dlq list"` : 'none parked';
  return `queue     ${name}: ${counts.waiting} messages, ${parked}`;
}
