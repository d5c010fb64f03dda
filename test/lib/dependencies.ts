import type { Resource } from './synthesized.ts';

type Resources = Readonly<Record<string, Resource>>;

/** What a resource names, by DependsOn, Ref, Fn::GetAtt or Fn::Sub: CloudFormation makes those first, deletes them last. */
export function directDependencies(id: string, resources: Resources): Set<string> {
  const found = new Set<string>(resources[id]?.DependsOn ?? []);
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'Ref') found.add(String(inner));
      if (key === 'Fn::GetAtt') found.add(String(Array.isArray(inner) ? inner[0] : inner));
      if (key === 'Fn::Sub')
        for (const name of JSON.stringify(inner).matchAll(/\$\{(\w+)/g)) found.add(name[1] ?? '');
      visit(inner);
    }
  };
  visit(resources[id]?.Properties);
  return new Set([...found].filter((name) => name in resources && name !== id));
}

/** Everything that is deleted only after `id`. */
export function deletedAfter(id: string, resources: Resources): Set<string> {
  const found = new Set<string>();
  const visit = (at: string): void => {
    for (const next of directDependencies(at, resources)) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(id);
  return found;
}
