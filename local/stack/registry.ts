import type { ResourceKind } from './kind.ts';
import { custom } from './resources/custom.ts';
import { dynamodbKinds } from './resources/dynamodb.ts';
import { eventsKinds } from './resources/events.ts';
import { firehoseKinds } from './resources/firehose.ts';
import { inertKinds } from './resources/inert.ts';
import { keyKinds } from './resources/keys.ts';
import { lambdaKinds } from './resources/lambda.ts';
import { launchTemplateKinds } from './resources/launch-template.ts';
import { networkKinds } from './resources/network.ts';
import { sqsKinds } from './resources/sqs.ts';

const KINDS: ReadonlyMap<string, ResourceKind> = new Map(
  [
    ...[...lambdaKinds, ...sqsKinds, ...dynamodbKinds, ...eventsKinds, ...launchTemplateKinds],
    ...[...networkKinds, ...keyKinds, ...firehoseKinds, ...inertKinds],
  ].map((kind) => [kind.type, kind]),
);

/** The kind of a type; undefined means that local mode cannot run a template that has one. */
export const kindOf = (type: string): ResourceKind | undefined =>
  type.startsWith('Custom::') || type === custom.type ? custom : KINDS.get(type);
