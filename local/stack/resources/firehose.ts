import { z } from 'zod';
import { arnOf, physicalName } from '../identity.ts';
import { inert, kind } from '../kind.ts';

const stream = kind(
  'AWS::KinesisFirehose::DeliveryStream',
  z.strictObject({
    DeliveryStreamName: z.string().optional(),
    DeliveryStreamType: z.literal('DirectPut'),
    DeliveryStreamEncryptionConfigurationInput: inert('records become a local file'),
    ExtendedS3DestinationConfiguration: inert(
      'the same records become lines of a local file, not Parquet in S3',
    ),
  }),
  (given, { logicalId, context }) => {
    const name = given.DeliveryStreamName ?? physicalName(context.identity, logicalId, 64);
    context.firehose.create(name);
    const Arn = arnOf(context.identity, 'firehose', `deliverystream/${name}`);
    return { ref: name, attributes: { Arn }, remove: async () => context.firehose.remove(name) };
  },
);

export const firehoseKinds = [stream];
