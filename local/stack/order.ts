import { referencesIn } from './references.ts';
import type { Template } from './template.ts';

/** What each resource directly needs: by Ref, GetAtt, Sub or DependsOn. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

const isCustom = (type: string): boolean =>
  type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';

/** Direct dependencies among the resources named; all of the template's unless told. */
export function dependenciesOf(template: Template, only = Object.keys(template.Resources)): Dependencies {
  const known = new Set(only);
  return new Map(
    only.map((id) => {
      const resource = template.Resources[id];
      const named = [...referencesIn(resource?.Properties ?? {}), ...(resource?.DependsOn ?? [])];
      return [id, new Set(named.filter((name) => name !== id && known.has(name)))];
    }),
  );
}

/**
 * A create order that CloudFormation could take too. Where the template leaves a choice, custom resources come first: so
 * reversed they go last, after everything that the template does not tie to them, which is the order that hurts most.
 */
export function createOrder(template: Template, only?: readonly string[]): readonly string[] {
  const dependencies = dependenciesOf(template, only && [...only]);
  const rank = (id: string) => (isCustom(template.Resources[id]?.Type ?? '') ? 0 : 1);
  const waiting = new Set([...dependencies.keys()].sort((a, b) => rank(a) - rank(b)));
  const order: string[] = [];
  const placed = new Set<string>();
  while (waiting.size > 0) {
    const next = [...waiting].find((id) => [...(dependencies.get(id) ?? [])].every((on) => placed.has(on)));
    if (next === undefined) throw new Error(`circular dependency between ${[...waiting].join(', ')}`);
    waiting.delete(next);
    placed.add(next);
    order.push(next);
  }
  return order;
}

/** The order in which a stack is taken down: the reverse of its creation. */
export const deleteOrder = (template: Template, only?: readonly string[]): readonly string[] =>
  [...createOrder(template, only)].reverse();

/**
 * Everything that is certainly still there while `id` is being deleted: what it needs, directly or through others. What
 * is not in here may already be gone, whatever order a single run shows.
 */
export function outlives(template: Template, id: string): ReadonlySet<string> {
  const dependencies = dependenciesOf(template);
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const on of dependencies.get(next) ?? []) {
      if (found.has(on)) continue;
      found.add(on);
      open.push(on);
    }
  }
  return found;
}
