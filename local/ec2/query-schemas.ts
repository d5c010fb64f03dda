import { z } from 'zod';

/** Parameters by their names on the wire, and as what the model takes. What is not here is refused, never ignored. */
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const whole = z
  .string()
  .regex(/^-?\d{1,9}$/, 'want a whole number')
  .transform(Number);
const decimal = z
  .string()
  .regex(/^\d{1,9}(\.\d+)?$/, 'want a number')
  .transform(Number);
const text = z.string();
const texts = z.array(text);
const onOff = z.enum(['enabled', 'disabled']);
const tags = z.array(z.strictObject({ Key: text, Value: text.default('') }));
const filters = z
  .array(z.strictObject({ Name: text, Value: texts.optional() }))
  .transform((list) => list.map(({ Name, Value }) => ({ Name, Values: Value })));

const tagSpecifications = z
  .array(z.strictObject({ ResourceType: text, Tag: tags.optional() }))
  .transform((list) => list.map(({ ResourceType, Tag }) => ({ ResourceType, Tags: Tag })));

const blockDevice = z.strictObject({
  DeviceName: text,
  Ebs: z
    .strictObject({
      VolumeSize: whole,
      VolumeType: text,
      Iops: whole,
      Throughput: whole,
      Encrypted: flag,
      DeleteOnTermination: flag,
    })
    .partial(),
});

const override = z
  .strictObject({
    InstanceType: text,
    SubnetId: text,
    AvailabilityZone: text,
    ImageId: text,
    Priority: decimal,
    BlockDeviceMapping: z.array(blockDevice),
  })
  .partial()
  .transform(({ BlockDeviceMapping, ...rest }) => ({ ...rest, BlockDeviceMappings: BlockDeviceMapping }));

const templateName = { LaunchTemplateId: text.optional(), LaunchTemplateName: text.optional() };

export const createFleet = z
  .strictObject({
    Type: text.optional(),
    ClientToken: text.optional(),
    DryRun: flag.optional(),
    LaunchTemplateConfigs: z.array(
      z.strictObject({
        LaunchTemplateSpecification: z.strictObject({ ...templateName, Version: text.optional() }),
        Overrides: z.array(override).optional(),
      }),
    ),
    TargetCapacitySpecification: z.strictObject({
      TotalTargetCapacity: whole,
      OnDemandTargetCapacity: whole.optional(),
      SpotTargetCapacity: whole.optional(),
      DefaultTargetCapacityType: text.optional(),
      TargetCapacityUnitType: text.optional(),
    }),
    SpotOptions: z
      .strictObject({
        AllocationStrategy: text.optional(),
        InstanceInterruptionBehavior: text.optional(),
      })
      .optional(),
    OnDemandOptions: z.strictObject({ AllocationStrategy: text.optional() }).optional(),
    TagSpecification: tagSpecifications.optional(),
  })
  .transform(({ TagSpecification, ...rest }) => ({ ...rest, TagSpecifications: TagSpecification }));

export const describeInstances = z
  .strictObject({ InstanceId: texts, Filter: filters, MaxResults: whole, NextToken: text, DryRun: flag })
  .partial()
  .transform(({ InstanceId, Filter, ...rest }) => ({ ...rest, InstanceIds: InstanceId, Filters: Filter }));

export const terminateInstances = z
  .strictObject({ InstanceId: texts, SkipOsShutdown: flag, DryRun: flag })
  .partial()
  .transform(({ InstanceId, ...rest }) => ({ ...rest, InstanceIds: InstanceId }));

export const modifyInstanceMetadataOptions = z.strictObject({
  InstanceId: text,
  HttpEndpoint: onOff.optional(),
  HttpTokens: z.enum(['required', 'optional']).optional(),
  HttpPutResponseHopLimit: whole.optional(),
  HttpProtocolIpv6: onOff.optional(),
  InstanceMetadataTags: onOff.optional(),
  DryRun: flag.optional(),
});

export const createTags = z
  .strictObject({ ResourceId: texts, Tag: tags, DryRun: flag })
  .partial()
  .transform(({ ResourceId, Tag, DryRun }) => ({ Resources: ResourceId, Tags: Tag, DryRun }));

export const describeSubnets = z
  .strictObject({ SubnetId: texts, Filter: filters, DryRun: flag })
  .partial()
  .transform(({ SubnetId, Filter, DryRun }) => ({ SubnetIds: SubnetId, Filters: Filter, DryRun }));

export const describeImages = z
  .strictObject({ ImageId: texts, Owner: texts, Filter: filters, DryRun: flag })
  .partial()
  .transform(({ ImageId, Owner, Filter, DryRun }) => ({
    ImageIds: ImageId,
    Owners: Owner,
    Filters: Filter,
    DryRun,
  }));

export const describeLaunchTemplateVersions = z
  .strictObject({ ...templateName, LaunchTemplateVersion: texts.optional(), DryRun: flag.optional() })
  .transform(({ LaunchTemplateVersion, ...rest }) => ({ ...rest, Versions: LaunchTemplateVersion }));

export const deleteLaunchTemplate = z.strictObject({ ...templateName, DryRun: flag.optional() });

/** Only renamed here, lists as the model calls them; the model reads it, as it reads CloudFormation's. */
const LIST_NAMES: Readonly<Record<string, string>> = {
  BlockDeviceMapping: 'BlockDeviceMappings',
  NetworkInterface: 'NetworkInterfaces',
  'NetworkInterface.SecurityGroupId': 'Groups',
  SecurityGroupId: 'SecurityGroupIds',
  Tag: 'Tags',
  TagSpecification: 'TagSpecifications',
};

const templateData = z.unknown().transform((tree) => listsNamed(tree, ''));

function listsNamed(tree: unknown, parent: string): unknown {
  if (Array.isArray(tree)) return tree.map((item) => listsNamed(item, parent));
  if (typeof tree !== 'object' || tree === null) return tree;
  const entries = Object.entries(tree).map(([name, inner]) => {
    const listName = LIST_NAMES[`${parent}.${name}`] ?? LIST_NAMES[name] ?? name;
    return [listName, listsNamed(inner, name)];
  });
  return Object.fromEntries(entries);
}

const versionOfTemplate = {
  LaunchTemplateData: templateData,
  VersionDescription: text.optional(),
  ClientToken: text.optional(),
  DryRun: flag.optional(),
};

export const createLaunchTemplate = z
  .strictObject({
    ...versionOfTemplate,
    LaunchTemplateName: text,
    TagSpecification: tagSpecifications.optional(),
  })
  .transform(({ TagSpecification, ...rest }) => ({ ...rest, TagSpecifications: TagSpecification }));

export const createLaunchTemplateVersion = z.strictObject({ ...versionOfTemplate, ...templateName });
