import { type JobEvent, jobEvent } from '../contracts/job-event.ts';
import type { JobItem } from '../contracts/ledger.ts';
import { admitJobs } from './admit.ts';
import { GITHUB_WIDTH, inParallel, LEDGER_WIDTH } from './bounded.ts';
import { launchJobs } from './launch.ts';
import { seeEvents } from './see.ts';
import type { World } from './world.ts';

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

/**
 * One batch of the jobs queue. Each message is its own unit: what comes back are the ids of the messages that must be
 * delivered again, and a poison message among good ones costs the good ones nothing.
 */
export async function receiveJobs(messages: readonly Message[], world: World): Promise<readonly string[]> {
  const parked = new Set<string>();
  const events: { messageId: string; event: JobEvent }[] = [];
  for (const { messageId, body } of messages) {
    const event = readEvent(body);
    if (event === undefined) parked.add(messageId);
    else events.push({ messageId, event });
  }
  const messagesOf = Map.groupBy(events, ({ event }) => event.jobId);
  const parkAll = (jobId: string): void => {
    for (const { messageId } of messagesOf.get(jobId) ?? []) parked.add(messageId);
  };

  const seen = await inParallel([...messagesOf], LEDGER_WIDTH, async ([jobId, ofJob]) => {
    const job = await guarded(jobId, world, () =>
      seeEvents(
        ofJob.map(({ event }) => event),
        world,
      ),
    );
    if (job === undefined) parkAll(jobId);
    return job ?? null;
  });
  const wanting = seen.filter((job): job is JobItem => job !== null && wantsLaunch(job));
  const admitted = await admitJobs(wanting, { world, widthMax: GITHUB_WIDTH });
  for (const jobId of admitted.failed) parkAll(jobId);
  const unlaunched = await launchJobs(admitted.admitted, world);
  for (const jobId of unlaunched) parkAll(jobId);

  for (const messageId of parked) world.journal.warn('message-parked', { messageId });
  if (parked.size > 0) world.journal.count('MessageParked', { n: parked.size });
  return [...parked];
}

/** A queue message that is not of our form can only be a bug or another writer: it goes to the dead-letter queue. */
function readEvent(body: string): JobEvent | undefined {
  try {
    const read = jobEvent.safeParse(JSON.parse(body));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Seen and not yet decided, or decided and waiting for its first launch: a redelivery goes on where a dead function
 * stopped. All other waiting is the sweep's, at the time written in the item.
 */
const wantsLaunch = ({ fact, outcome, intent }: JobItem): boolean =>
  fact === 'queued' &&
  outcome === 'open' &&
  (intent.step === 'held' || intent.step === 'waiting') &&
  intent.reason === 'received';

/** Runs one unit; a bug in it is told and parks this unit alone. */
export async function guarded<T>(
  unit: string,
  world: World,
  work: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    world.journal.warn('unit-failed', {
      unit,
      error: error instanceof Error ? (error.stack ?? error.message) : 'unknown',
    });
    return undefined;
  }
}
