import type { Created, StackContext } from './context.ts';
import { isTrue, resolve, type Scope } from './intrinsics.ts';
import { createOrder } from './order.ts';
import { kindOf } from './registry.ts';
import type { Template } from './template.ts';

/** Logical ids whose condition holds. */
export const wanted = (template: Template, scope: Scope): readonly string[] =>
  Object.entries(template.Resources).flatMap(([id, { Condition }]) =>
    Condition === undefined || isTrue(Condition, scope) ? [id] : [],
  );

/** Throws one sentence with every type of the template that nothing here runs. */
export function checkTypes(template: Template): void {
  const strange = Object.entries(template.Resources).filter(([, { Type }]) => kindOf(Type) === undefined);
  if (strange.length === 0) return;
  const list = strange.map(([id, { Type }]) => `${Type} (${id})`).join(', ');
  throw new Error(
    `resource types not modelled locally: ${list}. Add them to local/stack/resources, or take them out`,
  );
}

/**
 * Creates the resources in order, each with its properties resolved against those before it. `created` grows as it goes,
 * so that a failure leaves to the caller what there is to take back.
 */
export async function createResources(
  template: Template,
  scope: Scope,
  into: { readonly context: StackContext; readonly created: Map<string, Created> },
): Promise<void> {
  for (const id of createOrder(template, wanted(template, scope))) {
    const resource = template.Resources[id];
    const kind = kindOf(resource?.Type ?? '');
    if (resource === undefined || kind === undefined) throw new Error(`${id} has no type that runs here`);
    const place = { logicalId: id, type: resource.Type, context: into.context };
    try {
      into.created.set(id, await kind.create(resolve(resource.Properties, scope), place));
    } catch (error) {
      throw new Error(`${id} (${resource.Type}): ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
}

/** The outputs whose condition holds, as texts. */
export const outputsOf = (template: Template, scope: Scope): Record<string, string> =>
  Object.fromEntries(
    Object.entries(template.Outputs).flatMap(([name, { Value, Condition }]) =>
      Condition === undefined || isTrue(Condition, scope) ? [[name, String(resolve(Value, scope))]] : [],
    ),
  );
