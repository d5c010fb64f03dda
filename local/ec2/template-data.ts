import { z } from 'zod';
import { answered, type Ec2Answer, type Ec2Error, ec2Error, refused } from './errors.ts';

/** CloudFormation templates may carry booleans and numbers as text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const whole = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);
const text = z.string();
const onOff = z.enum(['enabled', 'disabled']);

const tags = z.array(z.strictObject({ Key: text, Value: text }));

const blockDevice = z.strictObject({
  DeviceName: text,
  Ebs: z
    .strictObject({
      DeleteOnTermination: flag,
      Encrypted: flag,
      Iops: whole,
      KmsKeyId: text,
      SnapshotId: text,
      Throughput: whole,
      VolumeInitializationRate: whole,
      VolumeSize: whole,
      VolumeType: text,
    })
    .partial(),
});

const networkInterface = z
  .strictObject({
    AssociatePublicIpAddress: flag,
    DeleteOnTermination: flag,
    Description: text,
    DeviceIndex: whole,
    Groups: z.array(text),
    Ipv6AddressCount: whole,
    SubnetId: text,
  })
  .partial();

const metadataOptions = z
  .strictObject({
    HttpEndpoint: onOff,
    HttpProtocolIpv6: onOff,
    HttpPutResponseHopLimit: whole,
    HttpTokens: z.enum(['required', 'optional']),
    InstanceMetadataTags: onOff,
  })
  .partial();

/** What of `AWS::EC2::LaunchTemplate LaunchTemplateData` the model knows: names not listed are refused. */
const launchTemplateData = z
  .strictObject({
    BlockDeviceMappings: z.array(blockDevice),
    EbsOptimized: flag,
    ImageId: text,
    InstanceInitiatedShutdownBehavior: z.enum(['stop', 'terminate']),
    InstanceType: text,
    MetadataOptions: metadataOptions,
    Monitoring: z.strictObject({ Enabled: flag }),
    NetworkInterfaces: z.array(networkInterface),
    SecurityGroupIds: z.array(text),
    TagSpecifications: z.array(z.strictObject({ ResourceType: text, Tags: tags })),
    UserData: z.base64(),
  })
  .partial();

export type LaunchTemplateData = z.infer<typeof launchTemplateData>;

/** EC2's limit, on the decoded bytes. */
export const USER_DATA_MAX_BYTES = 16_384;

/** What is not modelled is refused, name by name: a template that is only half understood must not launch anything. */
export function readTemplateData(data: unknown): Ec2Answer<LaunchTemplateData> {
  const read = launchTemplateData.safeParse(data);
  if (!read.success) return refused(problemOf(read.error.issues));
  const bytes = Buffer.from(read.data.UserData ?? '', 'base64').length;
  if (bytes > USER_DATA_MAX_BYTES) {
    return refused(
      ec2Error(
        'InvalidUserData.Malformed',
        `User data is limited to ${USER_DATA_MAX_BYTES} bytes, got ${bytes}`,
      ),
    );
  }
  return answered(read.data);
}

function problemOf(issues: readonly z.core.$ZodIssue[]): Ec2Error {
  const problems = issues.map(
    (issue) => `${['LaunchTemplateData', ...issue.path].join('.')}: ${issue.message}`,
  );
  const isUnknown = issues.some((issue) => issue.code === 'unrecognized_keys');
  const sentence = `want what the local EC2 models, got ${problems.join('; ')}`;
  return ec2Error(isUnknown ? 'UnknownParameter' : 'InvalidParameterValue', sentence);
}
