import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseConfig } from '../../lib/config/read-config.ts';
import { MayflyStack } from '../../lib/mayfly-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const FIXTURE_HANDLERS = join(import.meta.dirname, 'fixtures/lambdas');

export const DEFAULT_YAML = readFileSync(join(ROOT, 'mayfly.yaml'), 'utf8');

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: readonly string[];
}

export interface Synthesized {
  readonly template: Template;
  readonly resources: Readonly<Record<string, Resource>>;
  /** Logical ids of one resource type. */
  ids(type: string): readonly string[];
}

/** The stack of a configuration, with the feature flags of cdk.json and stand-ins for the handlers. */
export function synthesized(yaml: string = DEFAULT_YAML): Synthesized {
  const result = parseConfig(yaml);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  const outdir = mkdtempSync(join(tmpdir(), 'mayfly-synth-'));
  try {
    const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
    const app = new App({ outdir, context });
    const stack = new MayflyStack(app, 'Mayfly', { config: result.config, handlersDir: FIXTURE_HANDLERS });
    const template = Template.fromStack(stack);
    const resources: Record<string, Resource> = template.toJSON()['Resources'];
    const ids = (type: string) => Object.keys(resources).filter((id) => resources[id]?.Type === type);
    return { template, resources, ids };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A configuration with as many pools, subnets and characters as the checks allow. */
export function largestYaml(): string {
  const digits = (i: number) => String(i).padStart(2, '0');
  const pools = Array.from({ length: 20 }, (_, i) => {
    const name = `pool-${digits(i)}`.padEnd(32, 'x');
    return `
  ${name}:
    labels: [self-hosted, linux, key-${digits(i)}]
    keyLabel: key-${digits(i)}
    arch: x64
    types: [m7i.large]
    market: spot
    image: { ami: ami-0123456789abcde${digits(i)}, unverified: true }
    limits: { runnersMax: 10 }`;
  });
  const subnets = Array.from({ length: 6 }, (_, i) => {
    const zone = `us-gov-northwest-${i}a`;
    return `    ${zone}: subnet-0123456789abcde${digits(i)}`;
  });
  return `github: { owners: [acme] }
network:
  vpcId: vpc-0123456789abcdef0
  subnets:
${subnets.join('\n')}
pools:${pools.join('')}
`;
}
