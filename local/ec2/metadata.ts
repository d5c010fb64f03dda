import { drawMs, strikes } from './draws.ts';
import { answered, type Ec2Answer, ec2Error, missing, refused } from './errors.ts';
import { type Instance, isEnded, type MetadataOptions } from './instance.ts';
import { lifeKey } from './lifecycle.ts';
import { malformed, noInstances } from './tags.ts';
import { type Call, call, seen, settle, type World } from './world.ts';

export type ModifyInstanceMetadataOptionsInput = {
  readonly InstanceId?: string | undefined;
  readonly HttpEndpoint?: MetadataOptions['HttpEndpoint'] | undefined;
  readonly HttpTokens?: MetadataOptions['HttpTokens'] | undefined;
  readonly HttpPutResponseHopLimit?: number | undefined;
  readonly HttpProtocolIpv6?: MetadataOptions['HttpProtocolIpv6'] | undefined;
  readonly InstanceMetadataTags?: MetadataOptions['InstanceMetadataTags'] | undefined;
  readonly DryRun?: boolean | undefined;
};

/** As EC2 shows them: with what was asked for, and whether the metadata service follows it yet. */
export type ShownMetadataOptions = MetadataOptions & { readonly State: 'pending' | 'applied' };

export type ModifyInstanceMetadataOptionsResult = {
  readonly InstanceId: string;
  readonly InstanceMetadataOptions: ShownMetadataOptions;
};

/** What EC2 gives an instance whose launch template says nothing. */
export const DEFAULT_METADATA: MetadataOptions = {
  HttpEndpoint: 'enabled',
  HttpTokens: 'required',
  HttpPutResponseHopLimit: 2,
  HttpProtocolIpv6: 'disabled',
  InstanceMetadataTags: 'disabled',
};

export function modifyInstanceMetadataOptions(
  world: World,
  input: ModifyInstanceMetadataOptionsInput,
  at: number,
): Ec2Answer<ModifyInstanceMetadataOptionsResult> {
  const { InstanceId: instanceId, DryRun: dryRun, ...changes } = input;
  const door: Call = { action: 'ModifyInstanceMetadataOptions', now: at, dryRun };
  return call(world, door, (now) => {
    if (instanceId === undefined) return refused(missing('InstanceId'));
    const problem = malformed([instanceId]);
    if (problem !== undefined) return refused(problem);
    const instance = seen(world, instanceId);
    if (instance === undefined) return refused(noInstances([instanceId]));
    if (isEnded(instance)) return refused(wrongState(instance));
    want(world, instance, { now, changes });
    return answered({ InstanceId: instanceId, InstanceMetadataOptions: shownMetadata(instance) });
  });
}

/** Repeating what is asked for already neither delays nor hastens it. */
function want(
  world: World,
  instance: Instance,
  {
    now,
    changes,
  }: { now: number; changes: Partial<{ [K in keyof MetadataOptions]: MetadataOptions[K] | undefined }> },
): void {
  const before = instance.metadataWanted;
  const wanted: MetadataOptions = {
    HttpEndpoint: changes.HttpEndpoint ?? before.HttpEndpoint,
    HttpTokens: changes.HttpTokens ?? before.HttpTokens,
    HttpPutResponseHopLimit: changes.HttpPutResponseHopLimit ?? before.HttpPutResponseHopLimit,
    HttpProtocolIpv6: changes.HttpProtocolIpv6 ?? before.HttpProtocolIpv6,
    InstanceMetadataTags: changes.InstanceMetadataTags ?? before.InstanceMetadataTags,
  };
  if (JSON.stringify(wanted) === JSON.stringify(before)) return;
  instance.metadataWanted = wanted;
  const key = lifeKey(instance);
  if (strikes(world.options.draw, `metadata-stuck/${key}`, world.knobs.metadataStuckShare)) return;
  const applyMs = drawMs(world.options.draw, `metadata/${key}`, world.knobs.metadataApplyMs);
  world.due.add(now + applyMs, () => {
    if (instance.metadataWanted === wanted) instance.metadata = wanted;
  });
}

export const shownMetadata = (instance: Instance): ShownMetadataOptions => ({
  State: instance.metadata === instance.metadataWanted ? 'applied' : 'pending',
  ...instance.metadataWanted,
});

/** Whether anything answers at the metadata address, as the instance itself would find. */
export function isMetadataReachable(world: World, instanceId: string, now: number): boolean {
  settle(world, now);
  const instance = world.instances.get(instanceId);
  if (instance === undefined) return false;
  const isUp =
    instance.state === 'running' || instance.state === 'shutting-down' || instance.state === 'stopping';
  return isUp && instance.metadata.HttpEndpoint === 'enabled';
}

const wrongState = (instance: Instance) =>
  ec2Error(
    'IncorrectInstanceState',
    `The instance '${instance.instanceId}' is not in a state from which its metadata options can be modified: ${instance.state}`,
  );
