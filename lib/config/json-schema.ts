import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { mayflySchema } from './schema.ts';

export const JSON_SCHEMA_PATH = join(import.meta.dirname, '../../docs/mayfly.schema.json');

/** The schema of mayfly.yaml for editors: keys with a default may be left out. */
export function mayflyJsonSchema(): unknown {
  return z.toJSONSchema(mayflySchema, { io: 'input', target: 'draft-7' });
}

/** `node lib/config/json-schema.ts` writes the file; a test holds it to the schema. Format it with Biome after. */
if (import.meta.main) writeFileSync(JSON_SCHEMA_PATH, `${JSON.stringify(mayflyJsonSchema(), null, 2)}\n`);
