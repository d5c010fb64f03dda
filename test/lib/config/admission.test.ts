import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../../lib/config/read-config.ts';

const EXAMPLE = readFileSync('docs/policies/build-and-deploy.yaml', 'utf8');

function poolsOf(text: string) {
  const read = parseConfig(text);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return new Map(read.config.settings.pools.map((pool) => [pool.name, pool]));
}

const problemsOf = (from: string, to: string): readonly string[] => {
  expect(EXAMPLE).toContain(from);
  const read = parseConfig(EXAMPLE.replace(from, to));
  return read.ok ? [] : read.problems.map((text) => text.replace(/^mayfly\.yaml:\d+ /, ''));
};

describe('admission in mayfly.yaml', () => {
  it('compiles the rules of the example for building', () => {
    expect(poolsOf(EXAMPLE).get('build')?.admission).toEqual({
      publicRepositories: false,
      forks: false,
      rules: {
        visibilities: ['private', 'internal'],
        events: ['push', 'pull_request', 'merge_group', 'workflow_dispatch', 'schedule'],
        actors: { permission: 'read', bots: [] },
        reusable: { pinned: true },
        actionsPinned: {},
        permissionsMax: {
          scopes: {
            contents: 'read',
            packages: 'read',
            'pull-requests': 'read',
            checks: 'write',
            'id-token': 'none',
          },
          other: 'none',
        },
      },
    });
  });

  it('compiles the rules of the example for deploying', () => {
    expect(poolsOf(EXAMPLE).get('deploy')?.admission.rules).toEqual({
      repositories: ['591427001'],
      visibilities: ['private', 'internal'],
      events: ['push', 'workflow_dispatch'],
      refs: { branches: ['main'], tags: ['v*'] },
      actors: { permission: 'write', bots: [] },
      workflows: ['.github/workflows/deploy.yml'],
      reusable: { allowed: ['acme/ci/.github/workflows/*'], pinned: true },
      workflowUnchanged: true,
      actionsPinned: { owners: ['actions', 'aws-actions', 'acme'] },
      permissionsMax: {
        scopes: { contents: 'read', deployments: 'write', 'id-token': 'write' },
        other: 'none',
      },
      environments: { names: ['production'], reviewersMin: 1, branchPolicy: true },
      codeowners: true,
      checks: [{ name: 'build', appId: '15368' }],
      window: { timeZone: 'Europe/Berlin', days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: 480, to: 1080 },
    });
  });

  it('is closed when nothing is said', () => {
    const bare = EXAMPLE.replace(/ {4}admission:\n(?: {6}.*\n)+/, '');
    expect(poolsOf(bare).get('build')?.admission).toEqual({ publicRepositories: false, forks: false });
  });

  it.each([
    [
      'repositories: [591427001]',
      'repositories: [acme/shop]',
      'wanted an id of GitHub such as 591427001, got "acme/shop"',
    ],
    [
      'repositories: [591427001]',
      'repositories: []',
      'wanted at least one entry: ids of repositories, got []',
    ],
    ['events: [push, workflow_dispatch]', 'events: [Push!]', 'wanted an event such as push, got "Push!"'],
    [
      '{ permission: write }',
      '{ permission: owner }',
      'wanted one of none, read, triage, write, maintain, admin, got "owner"',
    ],
    [
      'timeZone: Europe/Berlin',
      'timeZone: Mars/Olympus',
      'wanted a time zone such as Europe/Berlin, got "Mars/Olympus"',
    ],
    ['from: "08:00"', 'from: "8 am"', 'wanted a time such as 08:30, got "8 am"'],
    ['reviewersMin: 1', 'reviewersMin: 7', 'wanted a whole number from 0 to 6, got 7'],
    ['workflowUnchanged: true', 'workflowUnchanged: false', 'wanted true, got false'],
    ['codeowners: true', 'codeOwners: true', 'wanted only keys that Mayfly knows, got "codeOwners"'],
  ])('refuses %s as %s in a sentence', (from, to, sentence) => {
    expect(problemsOf(from, to)).toEqual([expect.stringContaining(sentence)]);
  });

  it('may not mix pools of different rules in one runner group where labels overlap', () => {
    const mixed = EXAMPLE.replace('runnerGroupId: 3', 'runnerGroupId: 2')
      .replace('[self-hosted, linux, deploy]', '[self-hosted, linux, build, deploy]')
      .replace('hardening: strict', 'hardening: standard');
    const read = parseConfig(mixed);
    expect(read.ok ? [] : read.problems).toEqual([
      expect.stringContaining('wanted pools of different trust (hardening, admission) apart'),
    ]);
  });
});
