import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DynamoDb, startDynamoDb } from '../aws/dynamodb.ts';
import { DYNAMODB_ALLOWED } from '../aws/dynamodb-allowed.ts';
import { createFirehose, FIREHOSE_ALLOWED, type Firehose } from '../aws/firehose.ts';
import { type FrontDoor, jsonBackend, openFrontDoor, rawBackend } from '../aws/front-door.ts';
import { createKms, KMS_ALLOWED, type Kms } from '../aws/kms.ts';
import { createSecrets, SECRETS_ALLOWED, type Secrets } from '../aws/secrets.ts';
import { type Sqs, startSqs } from '../aws/sqs.ts';
import { SQS_ALLOWED } from '../aws/sqs-allowed.ts';
import { createSsm, SSM_ALLOWED, type Ssm } from '../aws/ssm.ts';
import type { Clock } from '../clock.ts';
import { createFunctions, type Functions } from '../lambda/functions.ts';
import type { Ec2Backend } from './context.ts';
import { openResponseDoor, type ResponseDoor } from './custom-resource.ts';
import type { Identity } from './identity.ts';

/** Everything that AWS would be for the stack, running and empty. */
export type Emulators = {
  readonly door: FrontDoor;
  readonly sqs: Sqs;
  readonly dynamodb: DynamoDb;
  readonly ssm: Ssm;
  readonly kms: Kms;
  readonly secrets: Secrets;
  readonly firehose: Firehose;
  readonly functions: Functions;
  readonly responses: ResponseDoor;
  /** Writes a line to `<workDir>/logs/aws.log`. */
  readonly log: (line: string) => void;
  close(): Promise<void>;
};

export type EmulatorOptions = {
  readonly clock: Clock;
  readonly identity: Identity;
  readonly workDir: string;
  readonly ec2: Ec2Backend;
};

/** Starts all of it. Closing ends every process and port that it opened. */
export async function startEmulators({ clock, identity, workDir, ec2 }: EmulatorOptions): Promise<Emulators> {
  const logDirectory = join(workDir, 'logs');
  mkdirSync(logDirectory, { recursive: true });
  const log = (line: string) =>
    appendFileSync(join(logDirectory, 'aws.log'), `${new Date(clock.now()).toISOString()} ${line}\n`);

  // The door is open before functions exist; until then nobody calls who could be ended.
  const callers: { kill: (accessKeyId: string) => void } = { kill: () => undefined };
  const door = await openFrontDoor({ clock, log, killCaller: (accessKeyId) => callers.kill(accessKeyId) });
  const dynamodb = await startDynamoDb();
  const responses = await openResponseDoor();
  const sqs = startSqs({ ...identity, clock, frontDoor: door.url });
  const [ssm, kms, secrets] = [createSsm(identity), createKms(), createSecrets(clock.now)];
  const firehose = createFirehose(join(workDir, 'usage'));
  const surroundings = {
    ...{ clock, region: identity.region, endpointUrl: door.url },
    compileCacheDirectory: join(workDir, 'compile-cache'),
  };
  const functions = createFunctions(surroundings, logDirectory);
  callers.kill = functions.killByAccessKey;

  door.attach('dynamodb', rawBackend(dynamodb.handle, 'json', DYNAMODB_ALLOWED));
  door.attach('sqs', jsonBackend(sqs.handle, SQS_ALLOWED));
  door.attach('ssm', jsonBackend(ssm.handle, SSM_ALLOWED));
  door.attach('kms', jsonBackend(kms.handle, KMS_ALLOWED));
  door.attach('secretsmanager', jsonBackend(secrets.handle, SECRETS_ALLOWED));
  door.attach('firehose', jsonBackend(firehose.handle, FIREHOSE_ALLOWED));
  // The EC2 model keeps its own allow-list: it knows its parameters by their place in the query protocol.
  door.attach('ec2', rawBackend(ec2.handle, 'query'));
  return {
    ...{ door, sqs, dynamodb, ssm, kms, secrets, firehose, functions, responses, log },
    close: async () => {
      await functions.close();
      await Promise.all([door.close(), responses.close(), sqs.close()]);
      // Last: all that could still ask it is closed.
      await dynamodb.close();
    },
  };
}
