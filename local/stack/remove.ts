import type { Created } from './context.ts';
import { deleteOrder } from './order.ts';
import type { Template } from './template.ts';

/**
 * Deletes what was created, one after another in delete order, as CloudFormation deletes a stack: what is to be retained
 * stays, and a resource that cannot be deleted stops it (DELETE_FAILED), with all that it needs still there.
 */
export async function removeResources(template: Template, created: Map<string, Created>): Promise<void> {
  for (const id of deleteOrder(template, [...created.keys()])) {
    const resource = template.Resources[id];
    if (resource?.DeletionPolicy.startsWith('Retain')) continue;
    try {
      const one = created.get(id);
      await one?.stop?.();
      await one?.remove?.();
    } catch (error) {
      throw new Error(
        `deleting ${id} (${resource?.Type}): ${error instanceof Error ? error.message : error}`,
      );
    }
    created.delete(id);
  }
}
