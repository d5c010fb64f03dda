import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { JSON_SCHEMA_PATH, mayflyJsonSchema } from '../../../lib/config/json-schema.ts';

/** Every schema that stands below a `properties` key, by its path. */
function fields(schema: unknown, path = ''): [string, object][] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, inner]): [string, object][] => {
    if (key !== 'properties') return fields(inner, `${path}/${key}`);
    return Object.entries(inner).flatMap(([name, field]): [string, object][] => [
      [`${path}/${name}`, Object(field)],
      ...fields(field, `${path}/${name}`),
    ]);
  });
}

describe('docs/mayfly.schema.json', () => {
  it('is what the schema says (node lib/config/json-schema.ts writes it)', () => {
    const written: unknown = JSON.parse(readFileSync(JSON_SCHEMA_PATH, 'utf8'));
    expect(written).toEqual(mayflyJsonSchema());
  });

  it('describes every field, so that an editor can show it', () => {
    const found = fields(mayflyJsonSchema());
    expect(found.length).toBeGreaterThan(30);
    const silent = found.filter(([, field]) => typeof Reflect.get(field, 'description') !== 'string');
    expect(silent.map(([path]) => path)).toEqual([]);
  });
});
