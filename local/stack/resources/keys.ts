import { z } from 'zod';
import { arnOf, physicalName, randomText, uuid } from '../identity.ts';
import { flag, inert, kind, tags, whole } from '../kind.ts';

const key = kind(
  'AWS::KMS::Key',
  z.strictObject({
    KeySpec: z.literal('RSA_2048'),
    KeyUsage: z.literal('SIGN_VERIFY'),
    Origin: z.literal('EXTERNAL', 'want EXTERNAL: only keys with imported material are modelled locally'),
    Enabled: z.literal(true).optional(),
    KeyPolicy: inert('IAM is not enforced here'),
    PendingWindowInDays: inert('the key ends with the run'),
    Description: inert('a comment'),
    Tags: tags,
  }),
  (_given, { logicalId, context }) => {
    const id = uuid(`${context.identity.stackId}/${logicalId}`);
    const arn = arnOf(context.identity, 'kms', `key/${id}`);
    context.kms.create({ id, arn });
    return { ref: id, attributes: { Arn: arn, KeyId: id }, remove: async () => context.kms.remove(id) };
  },
);

const alias = kind(
  'AWS::KMS::Alias',
  z.strictObject({ AliasName: z.string().startsWith('alias/'), TargetKeyId: z.string() }),
  (given, { context }) => {
    context.kms.createAlias(given.AliasName, given.TargetKeyId.replace(/^arn:.*:key\//, ''));
    return { ref: given.AliasName, attributes: {} };
  },
);

const parameter = kind(
  'AWS::SSM::Parameter',
  z.strictObject({
    Name: z.string().optional(),
    Type: z.enum(['String', 'StringList']),
    Value: z.coerce.string(),
    AllowedPattern: z.string().optional(),
    DataType: inert('aws:ec2:image is checked by EC2 when it launches'),
    Tier: inert('a price class'),
    Description: inert('a comment'),
    Tags: tags,
  }),
  (given, { logicalId, context }) => {
    const name = given.Name ?? `CFN-${physicalName(context.identity, logicalId, 100)}`;
    if (given.AllowedPattern !== undefined && !new RegExp(given.AllowedPattern).test(given.Value)) {
      throw new Error(`Value: want a text like ${given.AllowedPattern}, got another`);
    }
    context.ssm.put(name, given.Value, given.Type);
    const attributes = { Type: given.Type, Value: given.Value };
    return { ref: name, attributes, remove: async () => context.ssm.remove(name) };
  },
);

const generated = z.strictObject({
  PasswordLength: whole.min(1).max(4096).default(32),
  ExcludeCharacters: z.string().default(''),
  ExcludePunctuation: flag.default(false),
  ExcludeUppercase: flag.default(false),
  ExcludeLowercase: flag.default(false),
  ExcludeNumbers: flag.default(false),
  IncludeSpace: flag.default(false),
  RequireEachIncludedType: inert('a text this long holds each type for all practical purposes'),
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
});

const secret = kind(
  'AWS::SecretsManager::Secret',
  z
    .strictObject({
      Name: z.string().optional(),
      SecretString: z.string().optional(),
      GenerateSecretString: generated.optional(),
      KmsKeyId: inert('nothing is written to a disk here'),
      Description: inert('a comment'),
      Tags: tags,
    })
    .refine((given) => given.SecretString === undefined || given.GenerateSecretString === undefined, {
      message: 'want SecretString or GenerateSecretString, got both',
    }),
  (given, { logicalId, context }) => {
    const name = given.Name ?? physicalName(context.identity, logicalId, 100);
    const arn = arnOf(context.identity, 'secretsmanager', `secret:${name}-${randomText(6, LETTERS + UPPER)}`);
    // With neither, AWS generates as if an empty GenerateSecretString stood there.
    const text = given.SecretString ?? secretText(generated.parse(given.GenerateSecretString ?? {}));
    context.secrets.create({ arn, name, text });
    return { ref: arn, attributes: { Id: arn }, remove: async () => context.secrets.remove(arn) };
  },
);

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LETTERS.toUpperCase();
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

function secretText(how: z.output<typeof generated>): string {
  const alphabet = [
    how.ExcludeLowercase ? '' : LETTERS,
    how.ExcludeUppercase ? '' : UPPER,
    how.ExcludeNumbers ? '' : DIGITS,
    how.ExcludePunctuation ? '' : PUNCTUATION,
    how.IncludeSpace ? ' ' : '',
  ].join('');
  const allowed = [...alphabet].filter((one) => !how.ExcludeCharacters.includes(one)).join('');
  if (allowed === '') throw new Error('GenerateSecretString: every character is excluded');
  const text = randomText(how.PasswordLength, allowed);
  if (how.GenerateStringKey === undefined) return text;
  return JSON.stringify({ ...JSON.parse(how.SecretStringTemplate ?? '{}'), [how.GenerateStringKey]: text });
}

export const keyKinds = [key, alias, parameter, secret];
