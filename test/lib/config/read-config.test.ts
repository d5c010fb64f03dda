import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig, readConfig } from '../../../lib/config/read-config.ts';

const MINIMAL = `
github: { owners: [Acme, acme] }
pools:
  linux:
    labels: [self-hosted, Linux, X64]
    keyLabel: x64
    arch: x64
    types: [m7i.large]
    market: spot
    image: { ami: ami-0123456789abcdef0, unverified: true }
    limits: { runnersMax: 10 }
`;

const problemsOf = (text: string): readonly string[] => {
  const result = parseConfig(text);
  return result.ok ? [] : result.problems;
};
/** The minimal configuration with one piece of it changed. */
const changed = (from: string, to: string): readonly string[] => {
  expect(MINIMAL).toContain(from);
  return problemsOf(MINIMAL.replace(from, to));
};

describe('a configuration', () => {
  it('is the mayfly.yaml of the project', () => {
    const result = readConfig('mayfly.yaml');
    expect(result).toMatchObject({ ok: true, config: { settings: { github: { owners: ['acme'] } } } });
  });

  it('compiles labels and owners to lower case, minutes to milliseconds, and fills in what it leaves out', () => {
    expect(parseConfig(MINIMAL)).toEqual({
      ok: true,
      config: {
        githubUrl: 'https://github.com',
        settings: {
          v: 1,
          github: { scope: 'organization', owners: ['acme'] },
          pools: [
            {
              name: 'linux',
              labels: ['self-hosted', 'linux', 'x64'],
              keyLabel: 'x64',
              arch: 'x64',
              types: ['m7i.large'],
              market: 'spot',
              hardening: 'standard',
              runnerGroupId: 1,
              admission: { publicRepositories: false, forks: false },
              volume: { sizeGiB: 40 },
              limits: {
                runnersMax: 10,
                lifetimeMaxMs: 360 * 60_000,
                idleMaxMs: 5 * 60_000,
                claimDeadlineMs: 5 * 60_000,
              },
            },
          ],
          costs: { publicIp: true, platformMicroUsdPerMinute: 0 },
        },
        pools: [
          {
            name: 'linux',
            image: { ami: 'ami-0123456789abcdef0', rootDevice: '/dev/sda1' },
            volume: { sizeGiB: 40, iops: undefined, throughputMiBps: undefined },
          },
        ],
        network: {
          kind: 'own',
          cidr: '10.83.0.0/16',
          zones: 2,
          publicIp: true,
          egressTcpPorts: [443],
          egressDomains: undefined,
        },
        claimAccess: 'public',
        concurrency: { webhook: undefined, claim: undefined },
      },
    });
  });

  it('has every problem listed at once, each with its place, what was wanted and what was got', () => {
    const problems = problemsOf(`
github: { owner: acme, url: http://x }
pools:
  Linux: {}
  arm:
    labels: [arm64, ARM64]
    keyLabel: x64
    arch: arm64
    types: [m7g.large, m7i.large]
    market: cheap
    image: { unverified: false }
    limits: { runnersMax: 0, idleMaxMinutes: 9999 }
`);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^mayfly\.yaml:2 github\.owner: wanted only keys .* got "owner"; remove it/),
        expect.stringMatching(/^mayfly\.yaml:2 github\.owners: wanted a list of logins, got nothing; add it/),
        expect.stringMatching(/^mayfly\.yaml:2 github\.url: wanted https:\/\/HOST without a path, got "http/),
        expect.stringMatching(/^mayfly\.yaml:4 pools\.Linux: wanted a pool name .* rename it/),
        expect.stringMatching(/^mayfly\.yaml:6 pools\.arm\.labels\[1\]: wanted each label once/),
        expect.stringMatching(/^mayfly\.yaml:7 pools\.arm\.keyLabel: wanted one of the labels .* got x64/),
        expect.stringMatching(
          /^mayfly\.yaml:9 pools\.arm\.types\[1\]: wanted a type for arm64, got m7i\.large/,
        ),
        expect.stringMatching(/^mayfly\.yaml:10 pools\.arm\.market: wanted one of spot, .* got "cheap"/),
        expect.stringMatching(/^mayfly\.yaml:11 pools\.arm\.image\.unverified: wanted true, got false/),
        expect.stringMatching(/^mayfly\.yaml:12 pools\.arm\.limits\.runnersMax: wanted a whole number/),
        expect.stringMatching(/^mayfly\.yaml:12 pools\.arm\.limits\.idleMaxMinutes: wanted/),
      ]),
    );
  });

  it.each([
    ['a misspelt key', 'keyLabel: x64', 'keyLable: x64', /keyLable: wanted only keys/],
    ['a label of the composite form', 'self-hosted', 'mayfly/x', /labels\[0\]: wanted no label that starts/],
    ['a label with a space', 'self-hosted', '"a b"', /labels\[0\]: wanted a label of/],
    [
      'an image by both ways',
      'ami: ami',
      'ssm: /x, ami: ami',
      /image: wanted exactly one of ami and ssm, got both/,
    ],
    [
      'an image that is not said to be unverified',
      ', unverified: true',
      '',
      /image\.unverified: wanted true/,
    ],
    ['a Graviton type for x64', 'm7i.large', 'c8gn.large', /wanted a type for x64, got c8gn\.large/],
    ['the same type twice', 'm7i.large', 'm7i.large, m7i.large', /types\[1\]: wanted each type once/],
    [
      'more operations than the volume gives',
      'limits:',
      'volume: { sizeGiB: 8, iops: 4001 }\n    limits:',
      /volume\.iops: wanted at most 500 per GiB/,
    ],
    [
      'more throughput than the operations give',
      'limits:',
      'volume: { throughputMiBps: 751 }\n    limits:',
      /volume\.throughputMiBps: wanted at most 750 with 3000 iops/,
    ],
    [
      'a claim deadline beyond the lifetime',
      'runnersMax: 10',
      'runnersMax: 10, lifetimeMaxMinutes: 5',
      /claimDeadlineMinutes: wanted less than lifetimeMaxMinutes \(5\), got 5/,
    ],
    ['no owner', '[Acme, acme]', '[]', /owners: wanted at least one login/],
    [
      'a runner group for repository runners',
      'market: spot',
      'market: spot\n    runnerGroupId: 2',
      undefined,
    ],
  ])('is refused with %s', (_what, from, to, complaint) => {
    if (complaint === undefined) {
      const text = MINIMAL.replace(from, to).replace('owners', 'scope: repository, owners');
      expect(problemsOf(text)).toEqual([expect.stringMatching(/runnerGroupId: wanted 1, since runners/)]);
      return;
    }
    expect(changed(from, to)).toContainEqual(expect.stringMatching(complaint));
  });

  it.each([
    ['network: { vpcId: vpc-0123456789abcdef0 }', /network\.subnets: wanted 1 to 6 subnets/],
    ['network: { subnets: { eu-west-1a: subnet-0123456789abcdef0 } }', /subnets only together with vpcId/],
    ['network: { zones: 3, vpcId: vpc-0123456789abcdef0 }', /zones only without vpcId/],
    ['network: { egressTcpPorts: [80] }', /egressTcpPorts: wanted 443 among them/],
    ['network: { egressDomains: ["*"] }', /egressDomains.*wanted a name such as registry\.example\.com/],
    ['network: { egressDomains: [https://a.example.com] }', /egressDomains.*wanted a name such as/],
    ['network: { egressTcpPorts: [53, 443], egressDomains: [] }', /wanted no port 53 beside egressDomains/],
    [
      'network: { vpcId: vpc-0123456789abcdef0, subnets: { us-east-1a: subnet-0123456789abcdef0 }, egressDomains: [] }',
      /wanted egressDomains only without vpcId/,
    ],
    ['network: { cidr: 10.0.0.0/8 }', /cidr: wanted an IPv4 block of \/16 to \/24/],
  ])('is refused with %s', (network, complaint) => {
    expect(problemsOf(`${MINIMAL}\n${network}\n`)).toContainEqual(expect.stringMatching(complaint));
  });
});

describe('a file that is no configuration', () => {
  it.each([
    ['nothing', '', /wanted a mapping of keys to values, got nothing/],
    ['broken YAML', 'a: [1,\nb: }', /^mayfly\.yaml:2: wanted valid YAML/],
    ['a key twice', 'github: 1\ngithub: 2', /mayfly\.yaml:2: wanted valid YAML, got Map keys must be unique/],
    ['too many bytes', `# ${'x'.repeat(256 * 1024)}`, /wanted a file of at most 256 KiB/],
    ['absurd nesting', '['.repeat(50_000), /wanted/],
    ['moderate nesting', `a: ${'['.repeat(30)}${']'.repeat(30)}`, /wanted at most 10 levels/],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]`,
      /wanted few aliases/,
    ],
    ['an alias of itself', 'a: &a [*a]', /wanted/],
  ])('is refused as %s', (_what, text, complaint) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(complaint));
    expect(problemsOf(text).length).toBeLessThanOrEqual(10);
  });

  it('is named when it does not exist', () => {
    const result = readConfig('/nowhere/mayfly.yaml');
    expect(result).toEqual({
      ok: false,
      problems: [
        expect.stringMatching(/^\/nowhere\/mayfly\.yaml: wanted a configuration file, got ENOENT.*-c config/),
      ],
    });
  });

  it('never makes the reader throw, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const result = parseConfig(JSON.stringify({ github: value, pools: { a: value } }));
        expect(result.ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
