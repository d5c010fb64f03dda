import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Emulators, startEmulators } from '../../../local/stack/emulators.ts';
import { createIdentity } from '../../../local/stack/identity.ts';
import { fastClock, NO_EC2, scratch } from '../stack/local-stack.ts';

export type OpenDoor = Emulators & {
  readonly workDir: string;
  readonly clients: {
    readonly dynamodb: DynamoDBClient;
    readonly sqs: SQSClient;
    readonly ssm: SSMClient;
    readonly kms: KMSClient;
    readonly secrets: SecretsManagerClient;
  };
  end(): Promise<void>;
};

/** All emulators behind a front door, and the official clients in front of it. */
export async function openDoor(clock = fastClock()): Promise<OpenDoor> {
  const folder = scratch();
  const identity = createIdentity('Test', 'us-east-1', '000000000000');
  const emulators = await startEmulators({
    clock,
    identity,
    workDir: folder.path,
    ec2: NO_EC2,
  });
  const config = {
    endpoint: emulators.door.url,
    region: identity.region,
    credentials: { accessKeyId: 'AKIALOCALTestN1', secretAccessKey: 'none' },
    maxAttempts: 1,
  };
  const clients = {
    dynamodb: new DynamoDBClient(config),
    sqs: new SQSClient(config),
    ssm: new SSMClient(config),
    kms: new KMSClient(config),
    secrets: new SecretsManagerClient(config),
  };
  return {
    ...emulators,
    workDir: folder.path,
    clients,
    end: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await emulators.close();
      folder.remove();
    },
  };
}
