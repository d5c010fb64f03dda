import '../contract/one-realm.ts';
import type { Desk } from '../../bin/commands/command.ts';
import { runMayfly } from '../../bin/commands/run.ts';
import type { Target } from '../../bin/core/arguments.ts';
import { UsageError } from '../../bin/core/usage.ts';
import type { ParkedQueue, Received, Stack } from '../../bin/ports/stack.ts';
import type { InstanceEvent } from '../../lambdas/contracts/instance-event.ts';
import type { JobEvent } from '../../lambdas/contracts/job-event.ts';
import type { JobItem } from '../../lambdas/contracts/ledger.ts';
import type { QueueName } from '../../lambdas/contracts/places.ts';
import type { ParkedMessage } from '../../lambdas/contracts/run-folder.ts';
import { done, failed, type Outcome } from '../../lambdas/ports/outcome.ts';
import { createFixedClock } from '../../local/memory/fixed-clock.ts';
import { createMemoryLedger, type MemoryLedger } from '../../local/memory/memory-ledger.ts';
import { jobItem, NOON } from '../contract/items.ts';

const HOUR = 3_600_000;
export const ID = 'i-0123456789abcdef0';

export const jobEventOf = (change: Partial<JobEvent> = {}): JobEvent => ({
  ...{ v: 1, kind: 'job', action: 'queued', jobId: '42', runId: '9000', runAttempt: 1, status: 'queued' },
  ...{ conclusion: null, labels: ['self-hosted', 'linux', 'x64'], name: 'build', workflowName: 'CI' },
  ...{ headBranch: 'main', headSha: 'a'.repeat(40), createdAt: NOON, startedAt: null, completedAt: null },
  ...{ runnerName: null, runnerId: null, repository: jobItem('42').repository, installationId: '77' },
  ...{ senderLogin: 'octocat', receivedAt: NOON, delivery: null },
  ...change,
});

export const instanceEventOf = (state: 'shutting-down' | 'stopped' | 'terminated'): InstanceEvent => ({
  ...{ version: '0', id: 'e1', source: 'aws.ec2', account: '123456789012', region: 'eu-west-1' },
  ...{ time: '2026-11-02T12:00:00Z', resources: [] },
  'detail-type': 'EC2 Instance State-change Notification',
  detail: { 'instance-id': ID, state },
});

/** A message three hours old. */
export const parkedOf = (
  messageId: string,
  body: unknown,
  change: Partial<ParkedMessage> = {},
): ParkedMessage => ({
  queue: 'jobs',
  messageId,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  sentAt: NOON - 3 * HOUR,
  receives: 21,
  ...change,
});

/** A dead-letter queue in memory, at most three a receive; what was received is hidden until it is released. */
export interface MemoryParked extends ParkedQueue {
  readonly parked: ParkedMessage[];
  /** Bodies in the source queue. */
  readonly resent: string[];
  readonly hidden: ReadonlySet<string>;
  /** The next call of this name fails; `after` it had its effect, or without one. */
  spoil(call: 'receive' | 'resend' | 'remove', when: 'before' | 'after'): void;
}

const BATCH = 3;

export function memoryParked(messages: readonly ParkedMessage[] = []): MemoryParked {
  const parked = [...messages];
  const resent: string[] = [];
  const hidden = new Set<string>();
  const planned = new Map<string, 'before' | 'after'>();
  const under = <T>(call: string, effect: () => T): Outcome<T> => {
    const when = planned.get(call);
    planned.delete(call);
    if (when === 'before') return failed({ kind: 'busy', code: 'throttled', retryAfterMs: 1 });
    const value = effect();
    return when === 'after' ? failed({ kind: 'unsure', code: 'timeout' }) : done(value);
  };
  return {
    parked,
    resent,
    hidden,
    spoil: (call, when) => void planned.set(call, when),
    receive: async () =>
      under('receive', (): readonly Received[] => {
        const shown = parked.filter(({ messageId }) => !hidden.has(messageId)).slice(0, BATCH);
        for (const { messageId } of shown) hidden.add(messageId);
        return shown.map((one) => ({ ...one, receipt: `receipt of ${one.messageId}` }));
      }),
    release: async ({ messageId }) => done(void hidden.delete(messageId)),
    count: async () => done({ waiting: resent.length, parked: parked.length }),
    resend: async ({ body }) => under('resend', () => void resent.push(body)),
    remove: async ({ messageId }) =>
      under('remove', () => {
        const at = parked.findIndex((one) => one.messageId === messageId);
        parked.splice(at, 1);
      }),
  };
}

/** Every job item of a ledger in memory that fits. */
export const findIn =
  (ledger: Pick<MemoryLedger, 'items'>): Stack['findJobs'] =>
  async (where) => {
    const jobs = ledger.items().filter((item): item is JobItem => item.kind === 'job');
    const isFound = (job: JobItem) =>
      'runId' in where ? job.runId === where.runId : job.outcome === where.outcome;
    return done({ jobs: jobs.filter(isFound), isWhole: true });
  };

/** What a command line prints and how it ends. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly json: () => ReturnType<typeof JSON.parse>;
}

/** Runs one command line of the CLI. */
export async function runLine(
  args: readonly string[],
  desk: Pick<Desk, 'open'> & Partial<Desk>,
): Promise<Printed> {
  const printed = { out: '', err: '' };
  const code = await runMayfly(args, {
    print: (text) => {
      printed.out += text;
    },
    note: (text) => {
      printed.err += text;
    },
    progress: (text) => {
      printed.err += text;
    },
    signal: new AbortController().signal,
    sleep: async () => undefined,
    ...desk,
  });
  return { code, ...printed, json: () => JSON.parse(printed.out) };
}

/** A stack in memory that a command speaks of, and what the command printed. */
export function commandRig(messages: readonly ParkedMessage[] = [], change: Partial<Stack> = {}) {
  const clock = createFixedClock(NOON);
  const ledger = createMemoryLedger({ clock });
  const of = (queue: QueueName) => memoryParked(messages.filter((one) => one.queue === queue));
  const parked = { jobs: of('jobs'), instances: of('instances') };
  const stopping = new AbortController();
  const opened: Target[] = [];
  const stack: Stack = {
    ...{ name: 'Mayfly', isLive: true, stackId: 'abcd1234', now: clock.now, parked, ledger },
    ...{ pools: ['linux-x64'], findJobs: findIn(ledger), ...change },
  };
  const mayfly = (line: string) =>
    runLine(line.split(' ').filter(Boolean), {
      signal: stopping.signal,
      sleep: (ms) => clock.sleep(ms),
      open: async (target) => {
        opened.push(target);
        if (target.kind === 'stack' && target.name === 'Nowhere') throw new UsageError('no such stack.');
        return stack;
      },
    });
  return { clock, ledger, parked, stopping, opened, mayfly };
}
