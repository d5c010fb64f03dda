import { isObject, type Json, type JsonObject } from '../json.ts';
import { attributeParts, placeholders } from './references.ts';

/** What a template's names stand for at the moment of resolving. */
export type Scope = {
  /** Value of a parameter, pseudo parameter or resource. Throws a sentence for an unknown name. */
  ref(name: string): Json;
  /** Throws a sentence for an unknown resource or an attribute that its type does not model. */
  attribute(id: string, name: string): Json;
  /** The raw condition of that name. */
  condition(name: string): Json | undefined;
  mapping(map: string, key: string, second: string): Json | undefined;
  readonly zones: readonly string[];
  /** Value of the inside of `{{resolve:…}}`. Throws a sentence when there is none. */
  dynamic(reference: string): string;
};

/** Ref AWS::NoValue: the property or list entry that holds it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');
type Resolved = Json | typeof NO_VALUE;

/** The value with every intrinsic function and dynamic reference replaced. Throws on any function not listed here. */
export function resolve(value: Json, scope: Scope): Json {
  const resolved = resolveAny(value, scope);
  return resolved === NO_VALUE ? null : resolved;
}

/** A named condition's truth. */
export function isTrue(name: string, scope: Scope): boolean {
  const condition = scope.condition(name);
  if (condition === undefined) throw new Error(`condition ${name} is not in the template`);
  return truth(condition, scope);
}

function resolveAny(value: Json, scope: Scope): Resolved {
  if (typeof value === 'string') return dynamicReferences(value, scope);
  if (Array.isArray(value))
    return value.map((one: Json) => resolveAny(one, scope)).filter((one) => one !== NO_VALUE);
  if (!isObject(value)) return value;
  const [name = '', ...more] = Object.keys(value);
  const isFunction = more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'));
  if (isFunction) {
    const apply = FUNCTIONS[name];
    if (apply === undefined) throw new Error(`${name} is not modelled locally`);
    const result = apply(value[name] ?? null, scope);
    return typeof result === 'string' ? dynamicReferences(result, scope) : result;
  }
  const fields = Object.entries(value).map(([key, one]) => [key, resolveAny(one, scope)] as const);
  return Object.fromEntries(fields.filter((field): field is [string, Json] => field[1] !== NO_VALUE));
}

const dynamicReferences = (text: string, scope: Scope): string =>
  text.replaceAll(/\{\{resolve:([^{}]+)\}\}/g, (_all, reference: string) => scope.dynamic(reference));

const FUNCTIONS: Readonly<Record<string, (argument: Json, scope: Scope) => Resolved>> = {
  Ref: (name, scope) => (name === 'AWS::NoValue' ? NO_VALUE : scope.ref(text(name, 'Ref'))),
  'Fn::GetAtt': (argument, scope) => scope.attribute(...attributeParts(argument)),
  'Fn::Sub': substitute,
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(argument, 'Fn::Join');
    return list(resolve(parts ?? null, scope), 'Fn::Join')
      .map(String)
      .join(text(separator, 'Fn::Join'));
  },
  'Fn::Select': (argument, scope) => {
    const [index, options] = list(resolve(argument, scope), 'Fn::Select');
    const chosen = list(options, 'Fn::Select')[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select: no entry ${index} in ${JSON.stringify(options)}`);
    return chosen;
  },
  'Fn::Split': (argument, scope) => {
    const [separator, whole] = list(resolve(argument, scope), 'Fn::Split');
    return text(whole, 'Fn::Split').split(text(separator, 'Fn::Split'));
  },
  'Fn::If': (argument, scope) => {
    const [name, yes = null, no = null] = list(argument, 'Fn::If');
    return resolveAny(isTrue(text(name, 'Fn::If'), scope) ? yes : no, scope);
  },
  'Fn::FindInMap': (argument, scope) => {
    const keys = list(resolve(argument, scope), 'Fn::FindInMap').map((key) => text(key, 'Fn::FindInMap'));
    const [map = '', key = '', second = ''] = keys;
    const found = scope.mapping(map, key, second);
    if (found === undefined) throw new Error(`Fn::FindInMap: no ${keys.join('.')} in the mappings`);
    return found;
  },
  'Fn::Base64': (argument, scope) =>
    Buffer.from(text(resolve(argument, scope), 'Fn::Base64')).toString('base64'),
  'Fn::GetAZs': (_region, scope) => scope.zones,
  'Fn::ImportValue': (argument) => {
    throw new Error(`Fn::ImportValue ${JSON.stringify(argument)}: a local run has one stack and no exports`);
  },
};

/** Conditions are their own small language: Equals, And, Or, Not and names of other conditions. */
function truth(condition: Json, scope: Scope): boolean {
  const [name = '', ...more] = isObject(condition) ? Object.keys(condition) : [];
  const argument: Json = isObject(condition) ? (condition[name] ?? null) : null;
  if (more.length === 0 && name === 'Condition') return isTrue(text(argument, name), scope);
  if (more.length === 0 && name === 'Fn::Equals') {
    const [left = null, right = null] = list(resolve(argument, scope), name);
    return JSON.stringify(left) === JSON.stringify(right) || String(left) === String(right);
  }
  if (more.length === 0 && name === 'Fn::Not') return !truth(list(argument, name)[0] ?? null, scope);
  if (more.length === 0 && name === 'Fn::And') return list(argument, name).every((one) => truth(one, scope));
  if (more.length === 0 && name === 'Fn::Or') return list(argument, name).some((one) => truth(one, scope));
  throw new Error(`condition ${JSON.stringify(condition)} is not modelled locally`);
}

function substitute(argument: Json, scope: Scope): string {
  const [template, given] = Array.isArray(argument) ? argument : [argument, {}];
  const own: JsonObject = isObject(given) ? given : {};
  const whole = text(template, 'Fn::Sub');
  const textOf = (name: string): string => {
    const mine = own[name];
    if (mine !== undefined) return String(resolve(mine, scope));
    return String(name.includes('.') ? scope.attribute(...attributeParts(name)) : scope.ref(name));
  };
  const values = new Map(placeholders(whole).map((name) => [name, textOf(name)]));
  return whole
    .replaceAll(/\$\{([^!}][^}]*)\}/g, (_all, name: string) => values.get(name.trim()) ?? '')
    .replaceAll('${!', '${');
}

function text(value: Json | undefined, where: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new Error(`${where}: want a text, got ${JSON.stringify(value)}`);
}

function list(value: Json | undefined, where: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${where}: want a list, got ${JSON.stringify(value)}`);
}
