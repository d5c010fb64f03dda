import { describe, expect, it } from '@jest/globals';
import { deployedPools, subnets } from '../../lambdas/contracts/settings.ts';
import { rendered } from './render.ts';
import { DEFAULT_YAML, largestYaml, type Synthesized, synthesized } from './synthesized.ts';

const standard = synthesized();
const NAMES = ['webhook', 'dispatch', 'claim', 'report', 'guard', 'observe', 'sweep', 'teardown'] as const;

function functionOf(name: string, { resources, ids }: Synthesized = standard) {
  const prefix = `Mayfly${name.charAt(0).toUpperCase()}${name.slice(1)}Function`;
  const [id = ''] = ids('AWS::Lambda::Function').filter((candidate) => candidate.startsWith(prefix));
  return resources[id]?.Properties ?? {};
}

function environmentOf(name: string, stack: Synthesized = standard): Record<string, string> {
  const variables = Reflect.get(Object(functionOf(name, stack)['Environment']), 'Variables');
  return Object(rendered(variables, stack.resources));
}

const COMMON = ['POWERTOOLS_LOG_LEVEL', 'POWERTOOLS_METRICS_NAMESPACE', 'POWERTOOLS_SERVICE_NAME'];
const APP = ['GITHUB_APP_PARAMETER', 'APP_KEYS'];
const PLACE = ['STACK_ID', 'LEDGER_TABLE'];

describe('the functions', () => {
  it.each([
    ['webhook', 512, 10, ['STACK_ID', 'JOBS_QUEUE_URL', 'WEBHOOK_SECRET_ARN']],
    ['dispatch', 1024, 15, [...PLACE, 'POOLS', 'SUBNETS', ...APP]],
    ['claim', 512, 20, [...PLACE, ...APP, 'ACCOUNT_ID', 'REPORT_URL', 'GUARD_URL', 'CLAIM_ACCESS']],
    ['report', 512, 10, [...PLACE, ...APP]],
    ['guard', 512, 10, [...PLACE, ...APP]],
    ['observe', 512, 15, PLACE],
    ['sweep', 1024, 55, [...PLACE, 'POOLS', 'SUBNETS', 'USAGE_STREAM', ...APP]],
    ['teardown', 512, 600, [...PLACE, ...APP]],
  ])('give %s %i MB, %i s and exactly these variables', (name, memory, timeout, variables) => {
    expect(functionOf(name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: memory,
      Timeout: timeout,
    });
    expect(Object.keys(environmentOf(name)).sort()).toEqual([...COMMON, ...variables].sort());
    expect(environmentOf(name)['POWERTOOLS_SERVICE_NAME']).toBe(name);
  });

  it('have each a role and a log group of their own, and the logs end', () => {
    const roles = NAMES.map((name) => JSON.stringify(functionOf(name)['Role']));
    const groups = NAMES.map((name) => JSON.stringify(functionOf(name)['LoggingConfig']));
    expect(new Set(roles).size).toBe(NAMES.length);
    expect(new Set(groups).size).toBe(NAMES.length);
    expect(groups.join()).toContain('LogGroup');
    standard.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('reserve concurrency only where the configuration wishes it', () => {
    const reserved = synthesized(`${DEFAULT_YAML}\nconcurrency: { webhook: 7, claim: 9 }\n`);
    const of = (stack: Synthesized) =>
      NAMES.map((name) => functionOf(name, stack)['ReservedConcurrentExecutions']);
    expect(of(standard).every((value) => value === undefined)).toBe(true);
    expect(of(reserved)).toEqual([7, undefined, 9, ...Array(5)]);
  });

  it.each(['dispatch', 'sweep'])('tell %s the pools and subnets in the form that it reads', (name) => {
    const environment = environmentOf(name);
    expect(deployedPools.parse(JSON.parse(environment['POOLS'] ?? ''))).toEqual({
      'linux-x64': {
        templateId: 'lt-0123456789abcdef0',
        templateVersion: '1234',
        imageId: 'ami-0123456789abcdef0',
      },
      'linux-arm64': {
        templateId: 'lt-0123456789abcdef0',
        templateVersion: '1234',
        imageId: 'ami-0123456789abcdef0',
      },
    });
    expect(subnets.parse(JSON.parse(environment['SUBNETS'] ?? ''))).toEqual([
      { id: 'subnet-0123456789abcdef0', zone: 'us-gov-west-1a' },
      { id: 'subnet-0123456789abcdef0', zone: 'us-gov-west-1b' },
    ]);
    const { a, b } = JSON.parse(environment['APP_KEYS'] ?? '');
    expect([a, b]).toEqual([expect.stringContaining(':kms:'), expect.stringContaining(':kms:')]);
    expect(a).not.toBe(b);
  });

  it('keep within the 4 KiB that Lambda allows for variables, in the largest configuration', () => {
    const largest = synthesized(largestYaml());
    const bytes = NAMES.map((name) => JSON.stringify(environmentOf(name, largest)).length);
    expect(Math.max(...bytes)).toBeLessThan(4_096);
  });
});
