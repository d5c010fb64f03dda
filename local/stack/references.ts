import { isObject, type Json } from '../json.ts';

/** Names that a value refers to: logical ids, parameters and pseudo parameters alike. */
export function referencesIn(value: Json): ReadonlySet<string> {
  const found = new Set<string>();
  collect(value, found);
  return found;
}

function collect(value: Json, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(one, found);
    return;
  }
  if (!isObject(value)) return;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = value;
  if (typeof Ref === 'string') found.add(Ref);
  if (attribute !== undefined) found.add(attributeParts(attribute)[0]);
  const template = Array.isArray(text) ? text[0] : text;
  if (typeof template === 'string') {
    const own: Json = (Array.isArray(text) && text[1]) || {};
    for (const name of placeholders(template)) {
      if (!isObject(own) || own[name] === undefined) found.add(name.split('.')[0] ?? name);
    }
  }
  for (const one of Object.values(value)) collect(one, found);
}

/** `[id, attribute]` of either form of Fn::GetAtt. Throws on anything else. */
export function attributeParts(argument: Json): [id: string, attribute: string] {
  const parts = typeof argument === 'string' ? argument.split('.') : argument;
  const [id, ...rest] = Array.isArray(parts) ? parts : [];
  if (typeof id !== 'string' || rest.length === 0 || rest.some((part) => typeof part !== 'string')) {
    throw new Error(`Fn::GetAtt: want [logical id, attribute], got ${JSON.stringify(argument)}`);
  }
  return [id, rest.join('.')];
}

/** The names in `${…}` of a Fn::Sub text; `${!literal}` is none. */
export const placeholders = (text: string): readonly string[] =>
  [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name]) => (name ?? '').trim());
