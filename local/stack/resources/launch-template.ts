import type { EC2Client, RequestLaunchTemplateData, TagSpecification } from '@aws-sdk/client-ec2';
import { z } from 'zod';
import type { StackContext } from '../context.ts';
import { physicalName } from '../identity.ts';
import { kind } from '../kind.ts';

/**
 * Every field goes to the EC2 model, which refuses what it does not model. The names stand here because the SDK would
 * drop an unknown one without a word.
 */
const FIELDS = [
  ...['BlockDeviceMappings', 'CpuOptions', 'CreditSpecification', 'DisableApiStop', 'DisableApiTermination'],
  ...[
    'EbsOptimized',
    'IamInstanceProfile',
    'ImageId',
    'InstanceInitiatedShutdownBehavior',
    'InstanceMarketOptions',
  ],
  ...[
    'InstanceRequirements',
    'InstanceType',
    'KeyName',
    'MaintenanceOptions',
    'MetadataOptions',
    'Monitoring',
  ],
  ...['NetworkInterfaces', 'PrivateDnsNameOptions', 'SecurityGroupIds', 'TagSpecifications', 'UserData'],
] as const;

const templateFields = z.partialRecord(z.enum(FIELDS), z.json());

const launchTemplate = kind(
  'AWS::EC2::LaunchTemplate',
  z.strictObject({
    LaunchTemplateName: z.string().optional(),
    LaunchTemplateData: templateFields,
    TagSpecifications: z.array(z.unknown()).default([]),
    VersionDescription: z.string().optional(),
  }),
  async (given, { logicalId, context }) => {
    // The template's JSON is the SDK's input: both follow the same API model.
    const template: unknown = given.LaunchTemplateData;
    const tags: unknown = given.TagSpecifications;
    const { CreateLaunchTemplateCommand, DeleteLaunchTemplateCommand } = await import('@aws-sdk/client-ec2');
    const client = await ec2Client(context);
    try {
      const answer = await client.send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName: given.LaunchTemplateName ?? physicalName(context.identity, logicalId, 128),
          LaunchTemplateData: template as RequestLaunchTemplateData,
          TagSpecifications: tags as TagSpecification[],
          ...(given.VersionDescription !== undefined && { VersionDescription: given.VersionDescription }),
        }),
      );
      const LaunchTemplateId = answer.LaunchTemplate?.LaunchTemplateId ?? '';
      const remove = async () => {
        const again = await ec2Client(context);
        await again
          .send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }))
          .finally(() => again.destroy());
      };
      const version = String(answer.LaunchTemplate?.LatestVersionNumber ?? 1);
      const attributes = { LaunchTemplateId, LatestVersionNumber: version, DefaultVersionNumber: version };
      return { ref: LaunchTemplateId, attributes, remove };
    } finally {
      client.destroy();
    }
  },
);

/** Loaded only when a template launches something: the EC2 client is the largest of all. */
async function ec2Client({ endpointUrl, identity }: StackContext): Promise<EC2Client> {
  const { EC2Client } = await import('@aws-sdk/client-ec2');
  return new EC2Client({
    endpoint: endpointUrl,
    region: identity.region,
    credentials: { accessKeyId: 'AKIALOCALSTACK', secretAccessKey: 'local-no-secret' },
    maxAttempts: 1,
  });
}

export const launchTemplateKinds = [launchTemplate];
