import {
  CreateFleetCommand,
  EC2Client,
  type EC2ClientConfig,
  type Instance,
  ModifyInstanceMetadataOptionsCommand,
} from '@aws-sdk/client-ec2';
import { TAG } from '../contracts/tags.ts';
import type { Instances } from '../ports/instances.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import { callLimits } from './aws-call.ts';
import { describeOne, describeTagged } from './ec2-describe.ts';
import { fleetRequest, launchAnswer } from './ec2-launch.ts';
import { terminateAll, UNKNOWN_INSTANCE } from './ec2-terminate.ts';
import { type Effect, faultOf } from './faults.ts';

/** A launch call takes 1 to 5 s (aws.md §3.1); the function that waits longest for one may run 15 s. */
const REQUEST_MAX_MS = 10_000;

/**
 * A client as the ledger wants it. No SDK retries: three blind attempts deepen a throttle (aws.md §2.4), and a launch
 * is repeated only from its frozen request. No kept connections: a launch sent into a socket that died while the container
 * was frozen would be unsure, and a minute of looking by tag costs more than a handshake.
 */
export const ec2Client = (config: EC2ClientConfig = {}): EC2Client =>
  new EC2Client({
    ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 1, keepAlive: false }),
    ...config,
  });

type MetadataState = 'pending' | 'applied' | 'unseen';

/** EC2's instances by the real service. */
export const createEc2Instances = (client: EC2Client): Instances => ({
  launch: (request) =>
    attempt('write', async () => {
      const output = await client.send(new CreateFleetCommand(fleetRequest(request)));
      return launchAnswer(request, output);
    }),
  findByTicket: (ticket) => describeTagged(client, { key: TAG.ticket, value: ticket }),
  list: (stackId) => describeTagged(client, { key: TAG.stack, value: stackId }),
  terminate: (ids) => terminateAll(client, ids),
  disableMetadata: (InstanceId) =>
    attemptKnown('write', async () => {
      const change = { InstanceId, HttpEndpoint: 'disabled' } as const;
      const answer = await client.send(new ModifyInstanceMetadataOptionsCommand(change));
      return metadataState(answer.InstanceMetadataOptions);
    }),
  metadataState: (id) =>
    attemptKnown('read', async () => {
      const instance = await describeOne(client, id);
      return instance === undefined ? 'unseen' : metadataState(instance.MetadataOptions);
    }),
});

/** `applied` only of the disabled endpoint: a description from before the change says `applied` too, of the open one. */
const metadataState = (options: Instance['MetadataOptions']): MetadataState =>
  options?.HttpEndpoint === 'disabled' && options.State === 'applied' ? 'applied' : 'pending';

async function attempt<T>(effect: Effect, call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await call());
  } catch (error) {
    return failed(faultOf(error, effect));
  }
}

async function attemptKnown(
  effect: Effect,
  call: () => Promise<MetadataState>,
): Promise<Outcome<MetadataState>> {
  const outcome = await attempt(effect, call);
  const isUnknown = !outcome.ok && outcome.fault.code === UNKNOWN_INSTANCE;
  return isUnknown ? done('unseen') : outcome;
}
