import { z } from 'zod';
import type { Json } from '../json.ts';
import type { Created, StackContext } from './context.ts';
import { problems } from './template.ts';

/** Which resource of the template is being created, and against what. */
export type Place = { readonly logicalId: string; readonly type: string; readonly context: StackContext };

/** One resource type: how its resolved properties become something that runs here. */
export type ResourceKind = {
  readonly type: string;
  /** Throws a sentence for a property that the kind does not model. */
  create(properties: Json, place: Place): Promise<Created>;
};

/** A kind from its properties (a strict schema is the allow-list) and what to do with them. */
export function kind<Properties>(
  type: string,
  properties: z.ZodType<Properties>,
  create: (properties: Properties, place: Place) => Created | Promise<Created>,
): ResourceKind {
  return {
    type,
    create: async (given, place) => {
      const read = properties.safeParse(given);
      if (read.success) return create(read.data, place);
      throw new Error(`property not modelled locally, or not as wanted: ${problems(read.error)}`);
    },
  };
}

/** A property that changes nothing here, and why that is safe to say. */
export const inert = (why: string) => z.unknown().optional().describe(why);

/** Templates may write numbers and booleans as texts. */
export const whole = z.coerce.number().int();
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** Tags matter to bills and to IAM conditions; neither exists here. */
export const tags = inert('tags are read by bills and IAM conditions only');
