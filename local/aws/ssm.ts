import type { Json, JsonObject } from '../json.ts';
import type { AllowList } from './allow-list.ts';
import { type AwsAnswer, jsonAnswer, jsonError } from './answer.ts';

type Parameter = { readonly value: string; readonly type: string; readonly version: number };

/** A parameter store in memory: the latest version of each name, no labels, no encryption. */
export type Ssm = {
  /** The value; undefined if there is no such parameter. */
  get(name: string): string | undefined;
  put(name: string, value: string, type?: string): number;
  remove(name: string): void;
  handle(action: string, parameters: JsonObject): AwsAnswer;
};

export const SSM_ALLOWED: AllowList = {
  GetParameter: { parameters: ['Name', 'WithDecryption'] },
  GetParameters: { parameters: ['Names', 'WithDecryption'] },
  PutParameter: { parameters: ['Name', 'Value', 'Type', 'Overwrite', 'Description', 'DataType', 'Tier'] },
};

/** SSM: GetParameters takes ten names at most. */
const NAMES_MAX = 10;

/** An empty store; `identity` names the ARNs. */
export function createSsm(identity: { readonly region: string; readonly account: string }): Ssm {
  const parameters = new Map<string, Parameter>();
  const put = (name: string, value: string, type = 'String') => {
    const version = (parameters.get(name)?.version ?? 0) + 1;
    parameters.set(name, { value, type, version });
    return version;
  };
  const describe = (name: string, found: Parameter): JsonObject => ({
    Name: name,
    Type: found.type,
    Value: found.value,
    Version: found.version,
    DataType: 'text',
    ARN: `arn:aws:ssm:${identity.region}:${identity.account}:parameter/${name.replace(/^\//, '')}`,
  });
  const lookUp = (name: Json | undefined): JsonObject | undefined => {
    const found = typeof name === 'string' ? parameters.get(name) : undefined;
    return found && describe(String(name), found);
  };
  const handle = (action: string, given: JsonObject): AwsAnswer => {
    if (action === 'GetParameter') {
      const found = lookUp(given['Name']);
      return found
        ? jsonAnswer({ Parameter: found })
        : jsonError('ParameterNotFound', `no parameter ${given['Name']}`);
    }
    if (action === 'GetParameters') {
      const names = Array.isArray(given['Names']) ? given['Names'] : [];
      if (names.length < 1 || names.length > NAMES_MAX) {
        return jsonError('ValidationException', `Names: want 1 to ${NAMES_MAX}, got ${names.length}`);
      }
      const found = names.flatMap((name) => lookUp(name) ?? []);
      return jsonAnswer({ Parameters: found, InvalidParameters: names.filter((name) => !lookUp(name)) });
    }
    return putParameter(given);
  };
  const putParameter = ({ Name, Value, Type, Overwrite }: JsonObject): AwsAnswer => {
    if (typeof Name !== 'string' || typeof Value !== 'string') {
      return jsonError('ValidationException', 'want Name and Value as texts');
    }
    const before = parameters.get(Name);
    if (before !== undefined && Overwrite !== true) {
      return jsonError('ParameterAlreadyExists', `${Name} exists; say Overwrite to replace it`);
    }
    const type = typeof Type === 'string' ? Type : before?.type;
    return jsonAnswer({ Version: put(Name, Value, type), Tier: 'Standard' });
  };
  return {
    get: (name) => parameters.get(name)?.value,
    put,
    remove: (name) => void parameters.delete(name),
    handle,
  };
}
