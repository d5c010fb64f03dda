import { isObject, type JsonObject, parseJsonObject } from '../json.ts';
import type { AwsRequest } from './answer.ts';

/** Who asks for what: read from the request as AWS itself does, by target header, signing scope and form action. */
export type Route = {
  /** The service's name in signatures: dynamodb, sqs, ssm, kms, secretsmanager, ec2 … */
  readonly api: string;
  readonly action: string;
  /** The access key id of the signature: each container and each local client has its own. */
  readonly accessKeyId: string;
  /** The parsed parameters: JSON, or the flat form of the query protocol. */
  readonly parameters: JsonObject;
};

/** Target prefixes of the JSON protocols. */
const TARGETS: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  AmazonSSM: 'ssm',
  TrentService: 'kms',
  secretsmanager: 'secretsmanager',
  Firehose_20150804: 'firehose',
};

const CREDENTIAL = /Credential=([^/,\s]+)\/\d{8}\/[^/]+\/([^/]+)\//;

/** The route of a request, or a sentence why it has none. */
export function routeOf(request: AwsRequest): Route | string {
  const credential = CREDENTIAL.exec(request.headers['authorization'] ?? '');
  const [, accessKeyId, scope] = credential ?? [];
  if (accessKeyId === undefined || scope === undefined) return 'want a request signed with SigV4, got none';

  const target = request.headers['x-amz-target'];
  if (target === undefined) return formRoute(request, accessKeyId, scope);
  const dot = target.lastIndexOf('.');
  const api = TARGETS[target.slice(0, dot)] ?? scope;
  const parameters = request.body === '' ? {} : parseJsonObject(request.body);
  if (!isObject(parameters)) return 'want a JSON object as body, got something else';
  return { api, action: target.slice(dot + 1), accessKeyId, parameters };
}

function formRoute(request: AwsRequest, accessKeyId: string, api: string): Route | string {
  const form = Object.fromEntries(new URLSearchParams(request.body));
  const action = form['Action'];
  if (action === undefined) return `want an X-Amz-Target header or a form Action for ${api}, got neither`;
  return { api, action, accessKeyId, parameters: form };
}
