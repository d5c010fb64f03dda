import { instancesOver } from '../../lambdas/adapters/ec2-port.ts';
import type { Clock } from '../../lambdas/ports/clock.ts';
import type { Instances } from '../../lambdas/ports/instances.ts';
import type { Fault } from '../../lambdas/ports/outcome.ts';
import type { Ec2Answer } from '../ec2/errors.ts';
import type { Ec2Api } from '../ec2/model.ts';
import { type TroublePlan, underPlan } from './trouble.ts';

export interface MemoryInstancesOptions {
  readonly model: Ec2Api;
  readonly clock: Pick<Clock, 'now'>;
  /** Asked with `instances.launch`, `instances.terminate` and so on. */
  readonly trouble?: TroublePlan;
}

/** The Instances port over the EC2 model, by the very code that speaks to EC2; only the wire between them is left out. */
export function createMemoryInstances({ model, clock, trouble }: MemoryInstancesOptions): Instances {
  const port = instancesOver({
    createFleet: async (input) => unwrap(model.createFleet(input, clock.now())),
    describeInstances: async (input) => unwrap(model.describeInstances(input, clock.now())),
    terminateInstances: async (input) => unwrap(model.terminateInstances(input, clock.now())),
    modifyInstanceMetadataOptions: async (input) =>
      unwrap(model.modifyInstanceMetadataOptions(input, clock.now())),
  });
  return {
    launch: (request) => underPlan(trouble, 'instances.launch', () => port.launch(request)),
    findByTicket: (ticket) => underPlan(trouble, 'instances.findByTicket', () => port.findByTicket(ticket)),
    list: (stackId) => underPlan(trouble, 'instances.list', () => port.list(stackId)),
    disableMetadata: (id) => underPlan(trouble, 'instances.disableMetadata', () => port.disableMetadata(id)),
    metadataState: (id) => underPlan(trouble, 'instances.metadataState', () => port.metadataState(id)),
    terminate: async (ids) => {
      const planned = trouble?.('instances.terminate');
      const ends = planned?.when === 'before' ? undefined : await port.terminate(ids);
      return planned === undefined && ends !== undefined ? ends : allFailed(ids, planned?.fault);
    },
  };
}

const LOST: Fault = { kind: 'unsure', code: 'lost' };

const allFailed = (ids: readonly string[], fault: Fault = LOST): ReadonlyMap<string, Fault> =>
  new Map(ids.map((id) => [id, fault]));

/** An error of the model, thrown as the SDK throws EC2's. */
function unwrap<T>(answer: Ec2Answer<T>): T {
  if (answer.ok) return answer.value;
  const { code, message, status } = answer.error;
  throw Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
}
