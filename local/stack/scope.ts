import type { Json } from '../json.ts';
import type { Created } from './context.ts';
import { type DynamicSources, dynamicValue } from './dynamic-reference.ts';
import { type Identity, pseudoParameters } from './identity.ts';
import type { Scope } from './intrinsics.ts';
import { parameterValue } from './parameters.ts';
import type { Template } from './template.ts';

export type ScopeSources = DynamicSources & {
  readonly template: Template;
  readonly identity: Identity;
  /** Values of template parameters given at the start. */
  readonly given: Readonly<Record<string, string>>;
  /** What has been created so far. */
  readonly created: ReadonlyMap<string, Created>;
};

/** How many zones a region of the local run has; the smallest real region has three. */
const ZONES = ['a', 'b', 'c'];

/** The names of a template as they stand while it is being created. */
export function createScope(sources: ScopeSources): Scope {
  const { template, identity, created } = sources;
  const pseudo = pseudoParameters(identity);
  const createdAt = (id: string): Created => {
    const found = created.get(id);
    if (found) return found;
    const known = template.Resources[id] !== undefined;
    throw new Error(known ? `${id} is not created under these conditions` : `${id} is not in the template`);
  };
  const attribute = (id: string, name: string): Json => {
    const { attributes } = createdAt(id);
    const found = attributes[name];
    if (found !== undefined) return found;
    const modelled = Object.keys(attributes).join(', ') || 'none';
    throw new Error(`attribute ${id}.${name} is not modelled locally; modelled: ${modelled}`);
  };
  return {
    ref: (name) => pseudo[name] ?? parameterValue(template, name, sources) ?? createdAt(name).ref,
    attribute,
    condition: (name) => template.Conditions[name],
    mapping: (map, key, second) => template.Mappings[map]?.[key]?.[second],
    zones: ZONES.map((zone) => identity.region + zone),
    dynamic: (reference) => dynamicValue(reference, sources),
  };
}
