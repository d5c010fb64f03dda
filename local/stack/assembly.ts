import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readTemplate, type Template } from './template.ts';

/** One stack of a synthesized cloud assembly. */
export type Assembly = {
  readonly stackName: string;
  readonly template: Template;
  /** The directory of the asset that a function's S3Key names. Throws when there is none. */
  assetDirectory(s3Key: string): string;
  /** Logical id of the resource at a construct path below the stack (`Jobs/Queue`, without `/Resource`). */
  logicalIdAt(constructPath: string): string | undefined;
};

const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z.object({ templateFile: z.string(), stackName: z.string() }).partial().optional(),
      additionalMetadataFile: z.string().optional(),
      metadata: z.unknown().optional(),
    }),
  ),
});
const asset = z.object({
  source: z.object({ path: z.string(), packaging: z.string() }).partial(),
  destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
});
const assets = z.object({ files: z.record(z.string(), asset) });
const metadata = z.record(z.string(), z.array(z.object({ type: z.string(), data: z.unknown().optional() })));

/** Reads a stack out of `cdk.out`. Throws a sentence if the directory holds no assembly or several stacks unnamed. */
export function readAssembly(directory: string, stackName?: string): Assembly {
  const path = join(directory, 'manifest.json');
  if (!existsSync(path)) throw new Error(`no synthesized app in ${directory} (manifest.json): run cdk synth`);
  const { artifacts } = manifest.parse(readJson(path));
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [found, ...more] = stackName === undefined ? stacks : stacks.filter(([id]) => id === stackName);
  if (found === undefined || more.length > 0) {
    const names = stacks.map(([id]) => id).join(', ') || 'none';
    throw new Error(`want one stack${stackName ? ` named ${stackName}` : ''} in ${directory}, got: ${names}`);
  }
  const [id, artifact] = found;
  const files = assetFiles(directory, id);
  const ids = logicalIds(directory, artifact.additionalMetadataFile, artifact.metadata);
  const { templateFile = `${id}.template.json`, stackName: name = id } = artifact.properties ?? {};
  return {
    stackName: name,
    template: readTemplate(readJson(join(directory, templateFile))),
    assetDirectory: (s3Key) => {
      const source = files.find((one) => keysOf(one).includes(s3Key))?.source;
      if (source?.path === undefined) throw new Error(`no asset ${s3Key} in ${id}.assets.json`);
      if (source.packaging !== 'zip') throw new Error(`asset ${s3Key}: want a directory, got a file`);
      return join(directory, source.path);
    },
    logicalIdAt: (constructPath) => ids[`/${id}/${constructPath}/Resource`] ?? ids[`/${id}/${constructPath}`],
  };
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

type Asset = z.output<typeof asset>;

const keysOf = ({ destinations }: Asset): readonly string[] =>
  Object.values(destinations).map(({ objectKey }) => objectKey);

function assetFiles(directory: string, id: string): readonly Asset[] {
  const path = join(directory, `${id}.assets.json`);
  return existsSync(path) ? Object.values(assets.parse(readJson(path)).files) : [];
}

function logicalIds(directory: string, file: string | undefined, inline: unknown): Record<string, string> {
  const entries = metadata.safeParse(file === undefined ? inline : readJson(join(directory, file)));
  if (!entries.success) return {};
  return Object.fromEntries(
    Object.entries(entries.data).flatMap(([path, notes]) =>
      notes.flatMap(({ type, data }) => (type === 'aws:cdk:logicalId' ? [[path, String(data)]] : [])),
    ),
  );
}
