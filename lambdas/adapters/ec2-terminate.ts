import type { Fault } from '../ports/outcome.ts';
import type { Ec2Calls } from './ec2-calls.ts';
import { faultOf } from './faults.ts';

/** EC2 takes 1,000 ids and advises smaller batches (aws.md §2.2). */
const BATCH_MAX = 100;
/** Calls for one list: all of EC2's request bucket (100) and no more; ids beyond it are ended by the next pass. */
const CALLS_MAX = 100;

/** EC2 knows no instance of this id: perhaps not yet, perhaps no more. */
export const UNKNOWN_INSTANCE = 'InvalidInstanceID.NotFound';

/** What was learnt of each id. */
export type Ends = ReadonlyMap<string, 'ending' | 'unseen' | Fault>;

/**
 * Ends instances batch by batch. One unknown or protected id fails its whole batch, and EC2 names it only in prose: so a
 * refused batch is halved until the culprit stands alone, about 14 calls for one bad id of 100. A throttle ends the
 * walk, since every further call would be turned away as well.
 */
export async function terminateAll(ec2: Ec2Calls, ids: readonly string[]): Promise<Ends> {
  const ends = new Map<string, 'ending' | 'unseen' | Fault>();
  const unique = [...new Set(ids)];
  const batches = Array.from({ length: Math.ceil(unique.length / BATCH_MAX) }, (_, index) =>
    unique.slice(index * BATCH_MAX, (index + 1) * BATCH_MAX),
  );
  let stopped: Fault | undefined;
  for (let calls = 0; batches.length > 0; calls++) {
    if (calls === CALLS_MAX) stopped ??= CALLS_SPENT;
    const batch = batches.shift() ?? [];
    const answer = stopped ?? (await terminate(ec2, batch));
    if (answer instanceof Map) {
      for (const id of batch) ends.set(id, answer.get(id) ?? UNNAMED);
    } else if (answer.kind === 'refused' && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      batches.unshift(batch.slice(0, middle), batch.slice(middle));
    } else {
      if (answer.kind === 'busy') stopped = answer;
      for (const id of batch) ends.set(id, answer.code === UNKNOWN_INSTANCE ? 'unseen' : answer);
    }
  }
  return ends;
}

/** The answer left the id out. */
const UNNAMED: Fault = { kind: 'unsure', code: 'not-in-answer' };
/** The answer names the id in another state, as during an impairment of its zone. */
const NOT_ENDING: Fault = { kind: 'unsure', code: 'not-ending' };
const CALLS_SPENT: Fault = { kind: 'busy', code: 'too-many-calls', retryAfterMs: 20_000 };

async function terminate(
  ec2: Ec2Calls,
  ids: readonly string[],
): Promise<Map<string, 'ending' | Fault> | Fault> {
  try {
    const answer = await ec2.terminateInstances({ InstanceIds: [...ids] });
    const named = (answer.TerminatingInstances ?? []).map(({ InstanceId = '', CurrentState }) => {
      const isEnding = CurrentState?.Name === 'shutting-down' || CurrentState?.Name === 'terminated';
      return [InstanceId, isEnding ? 'ending' : NOT_ENDING] as const;
    });
    return new Map<string, 'ending' | Fault>(named);
  } catch (error) {
    return faultOf(error, 'write');
  }
}
