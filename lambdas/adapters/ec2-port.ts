import { TAG } from '../contracts/tags.ts';
import type { Instances } from '../ports/instances.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import type { Ec2Calls, MetadataOptions } from './ec2-calls.ts';
import { describeMetadata, describeTagged } from './ec2-describe.ts';
import { fleetRequest, launchAnswer } from './ec2-launch.ts';
import { terminateAll, UNKNOWN_INSTANCE } from './ec2-terminate.ts';
import { type Effect, faultOf } from './faults.ts';

type MetadataState = 'pending' | 'applied' | 'unseen';

/** The Instances port over EC2's calls, whoever answers them. */
export const instancesOver = (ec2: Ec2Calls): Instances => ({
  launch: (request) =>
    attempt('write', async () => launchAnswer(request, await ec2.createFleet(fleetRequest(request)))),
  findByTicket: (ticket) => describeTagged(ec2, { key: TAG.ticket, value: ticket }),
  list: (stackId) => describeTagged(ec2, { key: TAG.stack, value: stackId }),
  terminate: (ids) => terminateAll(ec2, ids),
  disableMetadata: (InstanceId) =>
    attemptKnown('write', async () => {
      const answer = await ec2.modifyInstanceMetadataOptions({ InstanceId, HttpEndpoint: 'disabled' });
      return metadataState(answer.InstanceMetadataOptions ?? {});
    }),
  metadataState: (id) =>
    attemptKnown('read', async () => {
      const options = await describeMetadata(ec2, id);
      return options === undefined ? 'unseen' : metadataState(options);
    }),
});

/** `applied` only of the disabled endpoint: a description from before the change says `applied` too, of the open one. */
const metadataState = ({ HttpEndpoint, State }: MetadataOptions): MetadataState =>
  HttpEndpoint === 'disabled' && State === 'applied' ? 'applied' : 'pending';

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
