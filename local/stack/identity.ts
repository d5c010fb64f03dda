import { createHash, randomInt } from 'node:crypto';

/** Where the local stack pretends to be. */
export type Identity = {
  readonly stackName: string;
  readonly stackId: string;
  readonly region: string;
  readonly account: string;
};

/** An account that cannot exist: nothing of a local run can be mistaken for a real one. */
export const LOCAL_ACCOUNT = '000000000000';

export const createIdentity = (stackName: string, region: string, account: string): Identity => ({
  stackName,
  region,
  account,
  stackId: `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/${uuid(stackName)}`,
});

export const pseudoParameters = (identity: Identity): Readonly<Record<string, string>> => ({
  'AWS::AccountId': identity.account,
  'AWS::Partition': 'aws',
  'AWS::Region': identity.region,
  'AWS::StackId': identity.stackId,
  'AWS::StackName': identity.stackName,
  'AWS::URLSuffix': 'amazonaws.com',
});

/** `arn:aws:<api>:<region>:<account>:<resource>` */
export const arnOf = ({ region, account }: Identity, api: string, resource: string): string =>
  `arn:aws:${api}:${region}:${account}:${resource}`;

/** Stable hex digits from a text: ids that are the same in every run of one template. */
export const hex = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** The same in the shape of a UUID: stack ids and key ids have it, and templates cut it at its dashes. */
export const uuid = (text: string): string =>
  hex(text, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** The physical name CloudFormation would make up, cut to a service's length. */
export const physicalName = (identity: Identity, logicalId: string, charsMax: number): string => {
  const tail = `-${hex(`${identity.stackName}/${logicalId}`, 12)}`;
  return `${identity.stackName}-${logicalId}`.slice(0, charsMax - tail.length) + tail;
};

/** Random letters and digits for secrets and the tails of their ARNs. */
export const randomText = (length: number, alphabet: string): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
