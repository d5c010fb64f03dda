import type { AwsHandler } from '../aws/answer.ts';
import type { DynamoDb } from '../aws/dynamodb.ts';
import type { Firehose } from '../aws/firehose.ts';
import type { Kms } from '../aws/kms.ts';
import type { Secrets } from '../aws/secrets.ts';
import type { Sqs } from '../aws/sqs.ts';
import type { Ssm } from '../aws/ssm.ts';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { Functions } from '../lambda/functions.ts';
import type { ResponseDoor } from './custom-resource.ts';
import type { EventBus } from './events.ts';
import type { Identity } from './identity.ts';

/** A subnet of the template, for the model that launches into it. */
export type Subnet = {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidrBlock: string;
};

/** The EC2 model behind the front door. */
export type Ec2Backend = {
  readonly handle: AwsHandler;
  /** Called for each subnet of the template as it is created. */
  readonly addSubnet?: (subnet: Subnet) => void;
};

/** All that a resource may be created against. */
export type StackContext = {
  readonly clock: Clock;
  readonly identity: Identity;
  readonly endpointUrl: string;
  readonly functions: Functions;
  readonly sqs: Sqs;
  readonly dynamodb: DynamoDb;
  readonly ssm: Ssm;
  readonly kms: Kms;
  readonly secrets: Secrets;
  readonly firehose: Firehose;
  readonly ec2: Ec2Backend;
  readonly events: EventBus;
  readonly responses: ResponseDoor;
  /** A private, writable copy of the asset that a function's S3Key names, after the caller's overlay. */
  readonly unpackAsset: (functionLogicalId: string, s3Key: string) => string;
  /** The same for code that stands in the template itself. */
  readonly unpackInline: (functionLogicalId: string, code: string) => string;
  /** How many containers a function may have here. */
  readonly containersMax: (functionLogicalId: string, reserved: number | undefined) => number;
  /** Queues by ARN; filled as they are created. */
  readonly queues: Map<string, { readonly url: string; readonly visibilitySeconds: number }>;
  /** Port for a function's URL; 0 takes any. */
  readonly urlPort: (functionLogicalId: string) => number;
  readonly log: (line: string) => void;
};

/** What a created resource is known by. */
export type Created = {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, Json>>;
  /** Ends what runs by itself because of it (a poller, a schedule, a server). May be called twice. */
  readonly stop?: () => Promise<void>;
  /** Undoes the creation, as deleting the stack does; called after `stop`. */
  readonly remove?: () => Promise<void>;
};
