import * as z from 'zod';
import { LABEL_CHARS } from '../../lambdas/contracts/text.ts';
import { admissionSchema } from './admission-schema.ts';

/*
 * The form of mayfly.yaml. Every field carries its description: editors show it (docs/mayfly.schema.json), and the
 * reader quotes it in its complaints. A check's `error` says what was wanted, so that each complaint reads
 * "where: wanted this, got that". Rules between fields live in the `*-checks.ts` files.
 */

const whole = (from: number, to: number, unit = 'a whole number') => {
  const error = `${unit} from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
};
const text = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });
const flag = () => z.boolean({ error: 'true or false' });
const oneOf = <const V extends readonly [string, ...string[]]>(values: V) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });

const label = text(LABEL_CHARS, 'a label of 1 to 100 letters, digits and . _ / = : -');
const subnetId = text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id such as subnet-0123456789abcdef0');
const domain = text(
  /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,63}$/,
  'a name such as registry.example.com or *.example.com, in lower case',
);
const zoneName = text(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'an availability zone such as eu-west-1a');

export const githubSchema = z
  .strictObject({
    url: text(/^https:\/\/[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/, 'https://HOST without a path')
      .default('https://github.com')
      .describe('https://github.com, or the address of a GitHub Enterprise Server.'),
    scope: oneOf(['organization', 'repository'])
      .default('organization')
      .describe('Where runners are registered: at the organization, or at the one repository of the job.'),
    owners: z
      .array(text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'the login of an organization or user'), {
        error: 'a list of logins',
      })
      .min(1, { error: 'at least one login' })
      .max(100, { error: 'at most 100 logins' })
      .describe('Organizations and users whose repositories may use the pools. Everybody else is denied.'),
  })
  .describe('Which GitHub, and whose jobs.');

export const networkSchema = z
  .strictObject({
    cidr: text(/^\d{1,3}(\.\d{1,3}){3}\/(1[6-9]|2[0-4])$/, 'an IPv4 block of /16 to /24 such as 10.83.0.0/16')
      .optional()
      .describe('Addresses of the VPC that Mayfly makes. Default 10.83.0.0/16.'),
    zones: whole(1, 6)
      .optional()
      .describe('How many availability zones the VPC spans. Default 2: every region has as many.'),
    vpcId: text(/^vpc-[0-9a-f]{8,17}$/, 'a VPC id such as vpc-0123456789abcdef0')
      .optional()
      .describe('An existing VPC to use instead; then name its subnets too.'),
    subnets: z
      .record(zoneName, subnetId, {
        error: 'one subnet per zone, such as eu-west-1a: subnet-0123456789abcdef0',
      })
      .optional()
      .describe('The subnets to launch into, one for each availability zone. Only with vpcId.'),
    publicIp: flag()
      .default(true)
      .describe(
        'Give each instance a public IPv4 address. Say false where subnets reach out by a NAT or proxy.',
      ),
    egressTcpPorts: z
      .array(whole(1, 65_535, 'a port'), { error: 'a list of ports' })
      .min(1, { error: 'at least one port (443 is needed)' })
      .max(20, { error: 'at most 20 ports' })
      .default([443])
      .describe('TCP ports that instances may reach. GitHub and the claim need 443. DNS is always open.'),
    egressDomains: z
      .array(domain, { error: 'a list of names, or an empty list for those of GitHub alone' })
      .max(200, { error: 'at most 200 names' })
      .optional()
      .describe(
        'Names that instances may look up besides those of GitHub; every other name does not exist for them. Only in the VPC that Mayfly makes. Default: all names.',
      ),
  })
  .describe('Where instances stand. Nothing may ever connect to them.');

export const imageSchema = z
  .strictObject({
    ami: text(/^ami-[0-9a-f]{8,17}$/, 'an AMI id such as ami-0123456789abcdef0')
      .optional()
      .describe('The AMI by its id.'),
    ssm: text(/^\/[A-Za-z0-9_.\-/]{1,200}$/, 'the path of an SSM parameter such as /my/images/linux-x64')
      .optional()
      .describe('An SSM parameter that holds the AMI id; read at each deploy.'),
    rootDevice: text(/^\/dev\/[a-z0-9]{2,20}$/, 'a device such as /dev/sda1')
      .default('/dev/sda1')
      .describe('Root device of the AMI: /dev/sda1 on Ubuntu, /dev/xvda on Amazon Linux and Debian.'),
    unverified: z
      .literal(true, { error: 'true' })
      .describe('Says that you know: this image was not built and verified by Mayfly.'),
  })
  .describe('What the instances boot: exactly one of ami and ssm.');

export const volumeSchema = z
  .strictObject({
    sizeGiB: whole(8, 65_536).default(40).describe('Size of the root volume.'),
    iops: whole(3_000, 80_000).optional().describe('Operations per second of the gp3 volume. 3000 are free.'),
    throughputMiBps: whole(125, 2_000)
      .optional()
      .describe('Throughput of the gp3 volume in MiB per second. 125 are free.'),
  })
  .describe('The encrypted gp3 root volume; it is deleted with its instance.');

export const limitsSchema = z
  .strictObject({
    runnersMax: whole(1, 10_000).describe('Runners of this pool that may exist at once.'),
    lifetimeMaxMinutes: whole(5, 7_200)
      .default(360)
      .describe('No instance lives longer, whatever it does. GitHub ends jobs after 7200 minutes (5 days).'),
    idleMaxMinutes: whole(1, 1_440).default(5).describe('A runner without a job for this long is ended.'),
    claimDeadlineMinutes: whole(1, 60)
      .default(5)
      .describe('An instance that has not claimed its registration this long after its start is ended.'),
  })
  .describe('Bounds of the pool.');

export const poolSchema = z
  .strictObject({
    labels: z
      .array(label, { error: 'a list of labels' })
      .min(1, { error: 'at least one label' })
      .max(20, { error: 'at most 20 labels' })
      .describe('What a job may ask for by runs-on. Compared without case.'),
    keyLabel: label.describe('The one label of the pool that a job must name to mean this pool.'),
    arch: oneOf(['x64', 'arm64']).describe('Processor architecture of the instance types and the image.'),
    types: z
      .array(text(/^[a-z][a-z0-9-]{1,30}\.[a-z0-9-]{1,20}$/, 'an instance type such as m7i.large'), {
        error: 'a list of instance types',
      })
      .min(1, { error: 'at least one instance type (five or more for spot)' })
      .max(60, { error: 'at most 60 instance types' })
      .describe('Instance types in the order of preference.'),
    market: oneOf(['spot', 'on-demand', 'spot-then-on-demand']).describe(
      'How instances are bought; spot-then-on-demand falls back where spot has no capacity.',
    ),
    image: imageSchema,
    volume: volumeSchema.prefault({}),
    hardening: oneOf(['compatible', 'standard', 'strict'])
      .default('standard')
      .describe(
        'compatible: sudo and Docker as on GitHub-hosted runners; standard: neither; strict: still less.',
      ),
    runnerGroupId: whole(1, 1_000_000_000)
      .default(1)
      .describe('Runner group at GitHub. 1 is the default group; repository runners are always in it.'),
    admission: admissionSchema.prefault({}),
    limits: limitsSchema,
  })
  .describe('One kind of runner.');

export const poolNameSchema = text(
  /^[a-z][a-z0-9-]{0,31}$/,
  'a pool name of 1 to 32 lower-case letters, digits and -, a letter first',
);

export const costsSchema = z
  .strictObject({
    platformUsdPerMinute: z
      .number({ error: 'a number of US dollars' })
      .min(0, { error: 'a number of US dollars' })
      .max(1, { error: 'at most 1 US dollar' })
      .default(0)
      .describe('What GitHub charges per begun minute of a job on a self-hosted runner.'),
  })
  .describe('How runners are billed.');

export const mayflySchema = z
  .strictObject({
    github: githubSchema,
    network: networkSchema.prefault({}),
    claim: oneOf(['public', 'private'])
      .default('public')
      .describe(
        'How instances reach the claim. public: a function URL, for those who prove themselves. private: an API that only the VPC reaches, which also compares the caller’s address; an interface endpoint costs about 0.01 USD an hour for each zone.',
      ),
    concurrency: z
      .strictObject({
        webhook: whole(1, 1_000).optional().describe('Reserved for the webhook function.'),
        claim: whole(1, 1_000).optional().describe('Reserved for the claim function.'),
      })
      .prefault({})
      .describe(
        'Lambda concurrency taken out of the account for these functions alone. Default: none reserved.',
      ),
    costs: costsSchema.prefault({}),
    pools: z
      .record(poolNameSchema, poolSchema, { error: 'pools by name' })
      .describe('The pools, by name; at least 1, at most 20.'),
  })
  .describe('Configuration of Mayfly.');

export type GithubInput = z.output<typeof githubSchema>;
export type NetworkInput = z.output<typeof networkSchema>;
export type PoolInput = z.output<typeof poolSchema>;
export type MayflyInput = z.output<typeof mayflySchema>;
