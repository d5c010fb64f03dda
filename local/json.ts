/** Any JSON value: what a template, an event or an API body is made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** A JSON object, as opposed to an array or a plain value. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses JSON text. Throws a SyntaxError when it is none. */
export const parseJson = (text: string): Json => JSON.parse(text);

/** Parses JSON text that must be an object; undefined when it is anything else. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
