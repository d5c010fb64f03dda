import type { Resource } from './synthesized.ts';

/** Values as long as AWS gives them; the partition and region with the longest names. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'us-gov-northwest-1',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::AccountId': '123456789012',
  'AWS::StackName': 'Mayfly',
  'AWS::StackId':
    'arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/Mayfly/0a1b2c3d-aaaa-bbbb-cccc-0123456789ab',
};
const REF_BY_TYPE: Readonly<Record<string, string>> = {
  'AWS::EC2::LaunchTemplate': 'lt-0123456789abcdef0',
  'AWS::EC2::Subnet': 'subnet-0123456789abcdef0',
};

type Resources = Readonly<Record<string, Resource>>;

/** Evaluates the intrinsic functions of a value, as CloudFormation would, with sample values for what AWS makes. */
export function rendered(value: unknown, resources: Resources): unknown {
  if (Array.isArray(value)) return value.map((item) => rendered(item, resources));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    const [name, argument] = only;
    if (name === 'Ref') return ref(String(argument), resources);
    if (name === 'Fn::GetAtt') return attribute(String(argument[0]), String(argument[1]), resources);
    if (name.startsWith('Fn::')) return called(name, rendered(argument, resources));
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, rendered(inner, resources)]));
}

function called(name: string, argument: unknown): unknown {
  if (name === 'Fn::GetAZs') return ['us-gov-west-1a', 'us-gov-west-1b', 'us-gov-west-1c'];
  if (name === 'Fn::Base64') return Buffer.from(String(argument)).toString('base64');
  if (!Array.isArray(argument)) throw new Error(`${name} is not one that the tests evaluate`);
  const [first, second] = argument;
  if (name === 'Fn::Join') return second.join(first);
  if (name === 'Fn::Select') return second[first];
  if (name === 'Fn::Split') return String(second).split(first);
  throw new Error(`${name} is not one that the tests evaluate`);
}

function ref(id: string, resources: Resources): string {
  const type = resources[id]?.Type;
  if (type === undefined) return PSEUDO[id] ?? 'ami-0123456789abcdef0';
  if (type === 'AWS::SQS::Queue') return `https://sqs.us-gov-northwest-1.amazonaws.com/123456789012/${id}`;
  return REF_BY_TYPE[type] ?? id;
}

function attribute(id: string, name: string, resources: Resources): string {
  if (name === 'LatestVersionNumber') return '1234';
  if (name === 'FunctionUrl') return `https://${'a'.repeat(32)}.lambda-url.us-gov-west-1.on.aws/`;
  if (name === 'Id' && resources[id]?.Type === 'AWS::EC2::VPCEndpoint') return 'vpce-0123456789abcdef0';
  if (name === 'GroupId') return 'sg-0123456789abcdef0';
  const service = resources[id]?.Type.split('::')[1]?.toLowerCase();
  return `arn:aws-us-gov:${service}:us-gov-northwest-1:123456789012:${id.padEnd(40, 'x')}`;
}
