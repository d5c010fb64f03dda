import { isObject, type Json, type JsonObject } from '../json.ts';

/**
 * What an emulator is known (by test) to honour. An emulator that ignores a parameter answers with a success that AWS
 * would not give; so whatever is not listed is refused here, with a sentence, before the emulator sees it.
 */
export type Allowed = {
  readonly parameters: readonly string[];
  /** A further look at the values; a sentence refuses. */
  readonly check?: (parameters: JsonObject) => string | undefined;
};

export type AllowList = Readonly<Record<string, Allowed>>;

/** Why this call is refused, or undefined when all of it is modelled. */
export function refusal(list: AllowList, action: string, parameters: JsonObject): string | undefined {
  const allowed = list[action];
  if (allowed === undefined) {
    return `action ${action} is not modelled locally; modelled: ${Object.keys(list).join(', ')}`;
  }
  return unlisted(parameters, allowed.parameters, `parameters of ${action}`) ?? allowed.check?.(parameters);
}

/** A sentence if the object has a key that is not listed. */
export function unlisted(object: JsonObject, listed: readonly string[], what: string): string | undefined {
  const strange = Object.keys(object).filter((key) => object[key] !== null && !listed.includes(key));
  if (strange.length === 0) return undefined;
  return `${what} not modelled locally: ${strange.join(', ')}; modelled: ${listed.join(', ')}`;
}

/** The objects in a list, for checks that look one level down; anything else is left to the emulator's own validation. */
export const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];
