import { z } from 'zod';
import type { Json, JsonObject } from '../json.ts';

const json: z.ZodType<Json> = z.json();
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json);

/**
 * A resource as CloudFormation reads it. Metadata and UpdateReplacePolicy speak to tools and to updates; a local stack
 * is created once and removed. CreationPolicy and UpdatePolicy are left out: a template that needs them fails here.
 */
const resource = z.strictObject({
  Type: z.string(),
  Properties: jsonObject.default({}),
  DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
  DeletionPolicy: z.enum(['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot']).default('Delete'),
  UpdateReplacePolicy: z.string().optional(),
  Metadata: json.optional(),
});

const parameter = z.strictObject({
  Type: z.string(),
  Default: z.union([z.string(), z.number()]).optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
  AllowedPattern: z.string().optional(),
  ConstraintDescription: z.string().optional(),
  Description: z.string().optional(),
  NoEcho: z.union([z.boolean(), z.string()]).optional(),
});

const output = z.strictObject({
  Value: json,
  Description: z.string().optional(),
  Condition: z.string().optional(),
  Export: json.optional(),
});

/** Rules assert things about a deployment (the bootstrap's version); there is none here. */
const template = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: json.optional(),
  Rules: json.optional(),
  Parameters: z.record(z.string(), parameter).default({}),
  Conditions: jsonObject.default({}),
  Mappings: z.record(z.string(), z.record(z.string(), jsonObject)).default({}),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), output).default({}),
});

export type Template = z.output<typeof template>;
export type TemplateResource = z.output<typeof resource>;
export type TemplateParameter = z.output<typeof parameter>;

/** Reads a template. Throws with every place that local mode does not understand. */
export function readTemplate(value: unknown): Template {
  const read = template.safeParse(value);
  if (read.success) return read.data;
  throw new Error(`the template holds what local mode does not read: ${problems(read.error)}`);
}

/** One sentence part per problem: where, and what is wrong there. */
export const problems = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`).join('; ');
