import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rendered } from './render.ts';
import { DEFAULT_YAML, synthesized } from './synthesized.ts';

const limited = synthesized(`${DEFAULT_YAML}
network:
  egressDomains: [registry.npmjs.org, '*.example.com']
`);

interface Rule {
  readonly Action: string;
  readonly BlockResponse?: string;
  readonly FirewallDomainListId: string;
  readonly FirewallDomainRedirectionAction?: string;
  readonly Priority: number;
}

const { resources, ids } = limited;
const [group = ''] = ids('AWS::Route53Resolver::FirewallRuleGroup');
const rules: readonly Rule[] = (
  rendered(resources[group]?.Properties['FirewallRules'], resources) as Rule[]
).toSorted((a, b) => a.Priority - b.Priority);

const domainsOf = (rule: Rule): readonly string[] =>
  ids('AWS::Route53Resolver::FirewallDomainList')
    .filter((id) => rule.FirewallDomainListId.includes(id))
    .flatMap((id) => rendered(resources[id]?.Properties['Domains'], resources) as string[]);

/** As DNS Firewall matches: a star stands for one or more labels, and alone for every name. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern;
}

const verdict = (name: string): string =>
  rules.find((rule) => domainsOf(rule).some((pattern) => matches(pattern, name)))?.Action ?? 'ALLOW';

describe('names that instances may look up', () => {
  it.each([
    'github.com',
    'api.github.com',
    'pipelines.actions.githubusercontent.com',
    'results-receiver.actions.githubusercontent.com',
    'codeload.github.com',
    'productionresultssa1.blob.core.windows.net',
    'ghcr.io',
    'npm.pkg.github.com',
    'registry.npmjs.org',
    'mirror.example.com',
    `${'a'.repeat(32)}.lambda-url.us-gov-west-1.on.aws`,
  ])('include %s', (name) => {
    expect(verdict(name)).toBe('ALLOW');
  });

  it.each([
    'gist.github.com',
    'evil-github.com',
    'github.com.evil.net',
    'example.com',
    'registry.npmjs.org.evil.net',
    `${'b'.repeat(32)}.lambda-url.us-gov-west-1.on.aws`,
    'core.windows.net',
    'sts.amazonaws.com',
  ])('do not include %s', (name) => {
    expect(verdict(name)).toBe('BLOCK');
  });

  it('include no name that somebody else can register', () => {
    fc.assert(
      fc.property(fc.domain(), (name) => {
        const listed = rules.slice(0, 1).flatMap(domainsOf);
        fc.pre(!listed.some((pattern) => matches(pattern, name)));
        return verdict(name) === 'BLOCK';
      }),
    );
  });

  it('are followed through their aliases, and what is blocked does not exist', () => {
    expect(rules).toEqual([
      expect.objectContaining({
        Action: 'ALLOW',
        FirewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
      }),
      expect.objectContaining({ Action: 'BLOCK', BlockResponse: 'NXDOMAIN' }),
    ]);
    expect(ids('AWS::Route53Resolver::FirewallRuleGroupAssociation')).toHaveLength(1);
  });

  it('cannot be asked of a resolver outside', () => {
    const [runners = ''] = ids('AWS::EC2::SecurityGroup');
    expect(resources[runners]?.Properties['SecurityGroupEgress']).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }),
    ]);
  });

  it('are all names, unless somebody limits them', () => {
    expect(synthesized().ids('AWS::Route53Resolver::FirewallRuleGroup')).toEqual([]);
  });
});
