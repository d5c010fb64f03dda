import { z } from 'zod';
import { arnOf, physicalName } from '../identity.ts';
import { inert, kind, tags, whole } from '../kind.ts';

const queue = kind(
  'AWS::SQS::Queue',
  z.strictObject({
    QueueName: z.string().optional(),
    VisibilityTimeout: whole.min(0).max(43_200).default(30),
    DelaySeconds: whole.min(0).max(900).default(0),
    RedrivePolicy: z
      .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: whole.min(1).max(1000) })
      .optional(),
    RedriveAllowPolicy: inert('who may redrive into it is IAM, not enforced here'),
    MessageRetentionPeriod: inert('a local run is shorter than the shortest useful retention'),
    ReceiveMessageWaitTimeSeconds: inert('event sources always poll long'),
    KmsMasterKeyId: inert('nothing is written to a disk here'),
    KmsDataKeyReusePeriodSeconds: inert('nothing is written to a disk here'),
    SqsManagedSseEnabled: inert('nothing is written to a disk here'),
    Tags: tags,
  }),
  async (given, { logicalId, context }) => {
    const name = given.QueueName ?? physicalName(context.identity, logicalId, 80);
    const { RedrivePolicy: redrive } = given;
    const url = await context.sqs.createQueue({
      name,
      visibilitySeconds: given.VisibilityTimeout,
      delaySeconds: given.DelaySeconds,
      ...(redrive && {
        deadLetter: {
          queueName: redrive.deadLetterTargetArn.split(':').at(-1) ?? '',
          receivesMax: redrive.maxReceiveCount,
        },
      }),
    });
    const arn = arnOf(context.identity, 'sqs', name);
    context.queues.set(arn, { url, visibilitySeconds: given.VisibilityTimeout });
    return {
      ref: url,
      attributes: { Arn: arn, QueueName: name, QueueUrl: url },
      remove: () => context.sqs.deleteQueue(url),
    };
  },
);

export const sqsKinds = [queue];
