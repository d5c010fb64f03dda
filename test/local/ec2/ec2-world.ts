import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EC2Client } from '@aws-sdk/client-ec2';
import { keyedDraw } from '../../../local/ec2/draws.ts';
import type { Ec2Answer, Ec2Error } from '../../../local/ec2/errors.ts';
import type { CreateFleetInput, CreateFleetResult, FleetOverride } from '../../../local/ec2/fleet-types.ts';
import { createEc2Model, type Ec2Model } from '../../../local/ec2/model.ts';
import type { Ec2ModelOptions, Knobs } from '../../../local/ec2/options.ts';
import { createQueryServer } from '../../../local/ec2/query-server.ts';

export const T0 = Date.UTC(2026, 10, 23, 12, 0, 0);
export const REGION = 'us-east-1';
export const ACCOUNT = '123456789012';
export const STACK_TAG = 'mayfly:stack';
export const USER_DATA = '{"pool":"linux-x64"}';

/** Nothing lags and nothing takes a random time: each test turns on the one unkindness it is about. */
export const CALM: Partial<Knobs> = {
  unseenMs: { minMs: 0, maxMs: 0 },
  unindexedMs: { minMs: 0, maxMs: 0 },
  staleMs: { minMs: 0, maxMs: 0 },
  pendingMs: { minMs: 5_000, maxMs: 5_000 },
  shutdownMs: { minMs: 20_000, maxMs: 20_000 },
  hardShutdownMs: { minMs: 3_000, maxMs: 3_000 },
  metadataApplyMs: { minMs: 2_000, maxMs: 2_000 },
};

export const TEMPLATE_DATA = {
  ImageId: 'ami-x64',
  InstanceInitiatedShutdownBehavior: 'terminate',
  MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
  BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 30, VolumeType: 'gp3' } }],
  NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: ['sg-1'] }],
  TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'mayfly:pool', Value: 'linux-x64' }] }],
  UserData: Buffer.from(USER_DATA).toString('base64'),
};

export type TestWorld = { readonly model: Ec2Model; readonly templateId: string };

export function world(options: Partial<Ec2ModelOptions> = {}): TestWorld {
  const model = createEc2Model({
    draw: keyedDraw('test'),
    accountId: ACCOUNT,
    region: REGION,
    subnets: [
      { subnetId: 'subnet-a', zone: 'us-east-1a', cidrBlock: '10.0.0.0/20' },
      { subnetId: 'subnet-b', zone: 'us-east-1b', cidrBlock: '10.0.16.0/20' },
      { subnetId: 'subnet-a2', zone: 'us-east-1a', cidrBlock: '10.0.32.0/20' },
    ],
    images: [
      { imageId: 'ami-x64', architecture: 'x86_64', rootVolumeGib: 8 },
      { imageId: 'ami-arm', architecture: 'arm64' },
    ],
    ...options,
    knobs: { ...CALM, ...options.knobs },
  });
  const { launchTemplateId } = model.putLaunchTemplate('pool', TEMPLATE_DATA, T0 - 60_000);
  return { model, templateId: launchTemplateId };
}

export type FleetWish = {
  readonly count?: number;
  readonly token?: string;
  readonly market?: 'spot' | 'on-demand';
  readonly overrides?: readonly FleetOverride[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly version?: string;
};

export const offer = (InstanceType: string, SubnetId: string): FleetOverride => ({ InstanceType, SubnetId });

export function fleetInput({ templateId }: TestWorld, wish: FleetWish = {}): CreateFleetInput {
  const { count = 1, token, market = 'on-demand', overrides = [offer('m7i.large', 'subnet-a')] } = wish;
  const tags = Object.entries(wish.tags ?? { [STACK_TAG]: 's1' }).map(([Key, Value]) => ({ Key, Value }));
  return {
    Type: 'instant',
    ...(token !== undefined && { ClientToken: token }),
    TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: market },
    SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
    OnDemandOptions: { AllocationStrategy: 'lowest-price' },
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: templateId, Version: wish.version ?? '1' },
        Overrides: overrides,
      },
    ],
    TagSpecifications: [{ ResourceType: 'instance', Tags: tags }],
  };
}

export const launch = (test: TestWorld, wish: FleetWish = {}, now = T0): CreateFleetResult =>
  successOf(test.model.createFleet(fleetInput(test, wish), now));

/** The one instance of a launch that must give one. */
export function launchOne(test: TestWorld, wish: FleetWish = {}, now = T0): string {
  const [id] = idsOf(launch(test, wish, now));
  if (id === undefined) throw new Error('want one instance, got none');
  return id;
}

export const idsOf = (answer: CreateFleetResult): string[] =>
  answer.Instances.flatMap((set) => [...set.InstanceIds]);

export function successOf<T>(answer: Ec2Answer<T>): T {
  if (!answer.ok) throw new Error(`want success, got ${answer.error.code}: ${answer.error.message}`);
  return answer.value;
}

export function failureOf(answer: Ec2Answer<unknown>): Ec2Error {
  if (answer.ok) throw new Error(`want an error, got ${JSON.stringify(answer.value)}`);
  return answer.error;
}

export type Served = {
  readonly client: EC2Client;
  now: number;
  readonly url: string;
  close(): Promise<void>;
};

/** The official client in front of the model, over real HTTP. */
export async function serve(model: Ec2Model): Promise<Served> {
  const query = createQueryServer({ model, now: () => served.now });
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    const answer = await query.handle({ method: request.method ?? '', body });
    response.writeHead(answer.status, { ...answer.headers }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const client = new EC2Client({
    region: REGION,
    endpoint: url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'none' },
  });
  const served: Served = {
    client,
    url,
    now: T0,
    close: () =>
      new Promise((resolve) => {
        client.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return served;
}
