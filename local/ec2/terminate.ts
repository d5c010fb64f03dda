import { answered, type Ec2Answer, invalid, missing, refused, throttled } from './errors.ts';
import type { State } from './fleet-types.ts';
import { type Instance, STATE_CODES, type StateName } from './instance.ts';
import { beginEnd } from './lifecycle.ts';
import { malformed, noInstances } from './tags.ts';
import { type Call, call, seen, type World } from './world.ts';

/** EC2's limit for one call. */
const IDS_MAX = 1000;

export type TerminateInstancesInput = {
  readonly InstanceIds?: readonly string[] | undefined;
  /** Ends without asking the operating system: sooner. */
  readonly SkipOsShutdown?: boolean | undefined;
  readonly DryRun?: boolean | undefined;
};

export type TerminateInstancesResult = {
  readonly TerminatingInstances: readonly {
    readonly InstanceId: string;
    readonly PreviousState: State;
    readonly CurrentState: State;
  }[];
};

/** Repeating is free; an id that is unknown (or not known yet) fails the whole call, and nothing is ended. */
export function terminateInstances(
  world: World,
  input: TerminateInstancesInput,
  at: number,
): Ec2Answer<TerminateInstancesResult> {
  const door: Call = { action: 'TerminateInstances', now: at, dryRun: input.DryRun };
  return call(world, door, (now) => {
    const ids = [...new Set(input.InstanceIds ?? [])];
    if (ids.length === 0) return refused(missing('instancesSet'));
    if (ids.length > IDS_MAX)
      return refused(invalid(`want ${IDS_MAX} instance ids at most, got ${ids.length}`));
    const problem = malformed(ids);
    if (problem !== undefined) return refused(problem);
    const found = ids.flatMap((id) => seen(world, id) ?? []);
    if (found.length < ids.length) {
      const known = new Set(found.map((instance) => instance.instanceId));
      return refused(noInstances(ids.filter((id) => !known.has(id))));
    }
    if (!world.buckets.resource('TerminateInstances').take(ids.length, now)) return refused(throttled());
    const abrupt = input.SkipOsShutdown ?? false;
    return answered({
      TerminatingInstances: found.map((instance) => endOne(world, instance, { now, abrupt })),
    });
  });
}

function endOne(world: World, instance: Instance, { now, abrupt }: { now: number; abrupt: boolean }) {
  const previous = instance.state;
  beginEnd(world, instance, now, {
    why: {
      code: 'Client.UserInitiatedShutdown',
      message: 'Client.UserInitiatedShutdown: User initiated shutdown',
    },
    reason: `User initiated (${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} GMT)`,
    abrupt,
  });
  return {
    InstanceId: instance.instanceId,
    PreviousState: stateOf(previous),
    CurrentState: stateOf(instance.state),
  };
}

export const stateOf = (name: StateName): State => ({ Code: STATE_CODES[name], Name: name });
