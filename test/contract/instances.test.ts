import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createEc2Instances, ec2Client } from '../../lambdas/adapters/ec2-instances.ts';
import type { Instances } from '../../lambdas/ports/instances.ts';
import { queryError } from '../../local/aws/answer.ts';
import { answerWith } from '../../local/aws/faults.ts';
import { type FrontDoor, rawBackend } from '../../local/aws/front-door.ts';
import { createQueryServer, type QueryServer } from '../../local/ec2/query-server.ts';
import { createMemoryInstances } from '../../local/memory/memory-instances.ts';
import type { Trouble } from '../../local/memory/trouble.ts';
import { ec2World, type InstancesRig, STACK, ticketOf, type WorldOptions } from './ec2-world.ts';
import { instancesContract } from './instances-contract.ts';
import { clientConfig, lostAnswer, openDoor } from './local-aws.ts';

const WRITES: readonly (keyof Instances)[] = ['launch', 'terminate', 'disableMetadata'];

describe('instances in memory', () => {
  instancesContract((options) => {
    const world = ec2World(options);
    let next: Trouble | undefined;
    const trouble = (call: string) => {
      const found = call === planned ? next : undefined;
      if (found !== undefined) next = undefined;
      return found;
    };
    let planned = '';
    const spoil: InstancesRig['spoil'] = (call, when) => {
      planned = `instances.${call}`;
      const isUnsure = when === 'after' && WRITES.includes(call);
      const busy = { kind: 'busy', code: 'throttled', retryAfterMs: 1 } as const;
      next = { when, fault: isUnsure ? { kind: 'unsure', code: 'lost' } : busy };
    };
    return { ...world, spoil, instances: createMemoryInstances({ ...world, trouble }) };
  });
});

describe('instances in EC2', () => {
  const ACTIONS: Readonly<Record<keyof Instances, string>> = {
    launch: 'CreateFleet',
    findByTicket: 'DescribeInstances',
    list: 'DescribeInstances',
    terminate: 'TerminateInstances',
    disableMetadata: 'ModifyInstanceMetadataOptions',
    metadataState: 'DescribeInstances',
  };
  let door: FrontDoor & { readonly log: readonly string[] };
  let server: QueryServer | undefined;

  beforeAll(async () => {
    door = await openDoor();
    const handle = async (request: { method: string; body: string }) =>
      (await server?.handle(request)) ?? queryError('Unavailable', 'no model', 503);
    door.attach('ec2', rawBackend(handle, 'query'));
  });
  afterAll(async () => {
    await door.close();
    expect(door.log).toEqual([]);
  });

  const make = (options?: WorldOptions): InstancesRig => {
    const world = ec2World(options);
    server = createQueryServer({ model: world.model, now: world.clock.now });
    return {
      ...world,
      instances: createEc2Instances(ec2Client(clientConfig(door.url))),
      spoil: (call, when) => {
        const throttle = answerWith(queryError('RequestLimitExceeded', 'not now', 503));
        door.faults.before('ec2', ACTIONS[call], when === 'after' ? lostAnswer : throttle);
      },
    };
  };
  instancesContract(make);

  const callsSoFar = () => door.counts.list().reduce((sum, { calls }) => sum + calls, 0);

  it('never repeats a call by itself: one launch that fails is one call', async () => {
    const rig = make({ callError: { action: 'CreateFleet', code: 'RequestLimitExceeded' } });
    const before = callsSoFar();
    await rig.instances.launch(rig.request(1));
    expect(callsSoFar() - before).toBe(1);
  });

  it('fails a list whose second page could not be read', async () => {
    const rig = make();
    await rig.instances.launch(rig.request(1_000));
    rig.clock.advance(60_000);
    await rig.instances.launch(rig.request(20, { ticket: ticketOf(2) }));
    const error = answerWith(queryError('InternalError', 'zone impaired', 500));
    door.faults.before('ec2', 'DescribeInstances', error, {
      when: ({ parameters }) => parameters['NextToken'] !== undefined,
    });
    expect(await rig.instances.list(STACK)).toMatchObject({ ok: false, fault: { kind: 'busy' } });
    expect(door.faults.left()).toBe(0);
  });

  it('gives up with the throttle when EC2 throttles in the middle of many batches', async () => {
    const rig = make();
    const answer = await rig.instances.launch(rig.request(250));
    const ids = answer.ok ? answer.value.instances.map(({ instanceId }) => instanceId) : [];
    const throttle = answerWith(queryError('RequestLimitExceeded', 'not now', 503));
    let calls = 0;
    door.faults.before('ec2', 'TerminateInstances', throttle, { when: () => ++calls === 2 });
    const ends = [...(await rig.instances.terminate(ids)).values()];
    expect(ends.filter((end) => end === 'ending')).toHaveLength(100);
    expect(ends.filter((end) => typeof end === 'object' && end.kind === 'busy')).toHaveLength(150);
  });
});
