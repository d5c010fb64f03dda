import { parseJsonObject } from '../json.ts';

export type DynamicSources = {
  readonly ssm: (name: string) => string | undefined;
  /** Text of a secret by ARN or name, and stage. */
  readonly secret: (id: string, stage?: string) => string | undefined;
};

/** Value of `ssm:name`, `ssm:name:version` (only the latest is kept) or `secretsmanager:id:SecretString:key:stage:`. */
export function dynamicValue(reference: string, sources: DynamicSources): string {
  const colon = reference.indexOf(':');
  const [api, rest] = [reference.slice(0, colon), reference.slice(colon + 1)];
  if (api === 'ssm') {
    const value = sources.ssm(rest);
    if (value === undefined) throw new Error(`{{resolve:${reference}}}: no such SSM parameter here`);
    return value;
  }
  if (api === 'secretsmanager') return secretValue(reference, rest, sources);
  throw new Error(`{{resolve:${reference}}}: ${api} is not modelled locally`);
}

/** An ARN holds six colons itself, so it is cut off first. */
const SECRET =
  /^((?:arn:[^:]*:[^:]*:[^:]*:[^:]*:secret:[^:]+)|[^:]+)(?::SecretString(?::([^:]*))?(?::([^:]*))?:?)?$/;

function secretValue(reference: string, rest: string, sources: DynamicSources): string {
  const [, id, key, stage] = SECRET.exec(rest) ?? [];
  if (id === undefined) throw new Error(`{{resolve:${reference}}}: want id:SecretString:key:stage:`);
  const text = sources.secret(id, stage || undefined);
  if (text === undefined) throw new Error(`{{resolve:${reference}}}: no such secret or stage here`);
  if (!key) return text;
  const value = parseJsonObject(text)?.[key];
  if (value === undefined) throw new Error(`{{resolve:${reference}}}: the secret has no key ${key}`);
  return String(value);
}
