import { randomUUID } from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import type { AllowList } from './allow-list.ts';
import { type AwsAnswer, jsonAnswer, jsonError } from './answer.ts';

type Version = { readonly id: string; readonly text: string; readonly createdAtMs: number };
type Secret = { readonly arn: string; readonly name: string; current?: Version; previous?: Version };

/** Secrets in memory, with the two stages that rotation needs. Nothing here is ever logged. */
export type Secrets = {
  create(secret: { readonly arn: string; readonly name: string; readonly text: string }): void;
  /** The text of a stage; undefined if there is no such secret or stage. */
  text(id: string, stage?: string): string | undefined;
  remove(id: string): void;
  handle(action: string, parameters: JsonObject): AwsAnswer;
};

export const SECRETS_ALLOWED: AllowList = {
  GetSecretValue: { parameters: ['SecretId', 'VersionStage'] },
  PutSecretValue: { parameters: ['SecretId', 'SecretString', 'ClientRequestToken'] },
};

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

/** An empty store; `now` gives epoch ms. */
export function createSecrets(now: () => number): Secrets {
  const secrets = new Map<string, Secret>();
  const find = (id: Json | undefined) =>
    [...secrets.values()].find((secret) => secret.arn === id || secret.name === id);
  const versionOf = (secret: Secret | undefined, stage: Json | undefined = CURRENT) => {
    if (stage === CURRENT) return secret?.current;
    return stage === PREVIOUS ? secret?.previous : undefined;
  };
  /** A repeat with the same token changes nothing, as AWS promises. */
  const put = (secret: Secret, text: string, id: string) => {
    if (secret.current?.id === id) return;
    if (secret.current) secret.previous = secret.current;
    secret.current = { id, text, createdAtMs: now() };
  };
  const answer = (secret: Secret, version: Version, extra: JsonObject): AwsAnswer =>
    jsonAnswer({ ARN: secret.arn, Name: secret.name, VersionId: version.id, ...extra });

  const handle = (action: string, given: JsonObject): AwsAnswer => {
    const secret = find(given['SecretId']);
    if (!secret)
      return jsonError('ResourceNotFoundException', 'Secrets Manager can’t find the specified secret.');
    if (action === 'PutSecretValue') {
      const { SecretString, ClientRequestToken } = given;
      if (typeof SecretString !== 'string')
        return jsonError('InvalidParameterException', 'want SecretString');
      put(secret, SecretString, typeof ClientRequestToken === 'string' ? ClientRequestToken : randomUUID());
    }
    const stage = action === 'PutSecretValue' ? CURRENT : given['VersionStage'];
    const version = versionOf(secret, stage ?? CURRENT);
    if (!version)
      return jsonError('ResourceNotFoundException', `no version of the secret has the stage ${stage}`);
    const VersionStages = [version === secret.current ? CURRENT : PREVIOUS];
    if (action === 'PutSecretValue') return answer(secret, version, { VersionStages });
    const CreatedDate = version.createdAtMs / 1000;
    return answer(secret, version, { VersionStages, SecretString: version.text, CreatedDate });
  };
  return {
    create: ({ arn, name, text }) => {
      const secret: Secret = { arn, name };
      put(secret, text, randomUUID());
      secrets.set(arn, secret);
    },
    text: (id, stage) => versionOf(find(id), stage)?.text,
    remove: (id) => void secrets.delete(find(id)?.arn ?? id),
    handle,
  };
}
