import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DeleteLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2ServiceException,
  ModifyInstanceMetadataOptionsCommand,
  paginateDescribeInstances,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MODELLED_ACTIONS } from '../../../local/ec2/query-server.ts';
import { exhausted } from '../../../local/ec2/weather.ts';
import { type Served, STACK_TAG, serve, T0, TEMPLATE_DATA, type TestWorld, world } from './ec2-world.ts';

let test: TestWorld;
let ec2: Served;

beforeEach(async () => {
  test = world({ weather: exhausted(['m7i.large/us-east-1a/spot']) });
  ec2 = await serve(test.model);
});
afterEach(() => ec2.close());

/** As dispatch asks: spot, two offers, one of them dry. */
const fleet = (count: number, more: object = {}) =>
  new CreateFleetCommand({
    Type: 'instant',
    ClientToken: 'ticket-1',
    TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: 'spot' },
    SpotOptions: { AllocationStrategy: 'lowest-price' },
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateId: test.templateId, Version: '1' },
        Overrides: [
          {
            InstanceType: 'm7i.large',
            SubnetId: 'subnet-a',
            AvailabilityZone: 'us-east-1a',
            ImageId: 'ami-x64',
          },
          {
            InstanceType: 'm7a.large',
            SubnetId: 'subnet-b',
            AvailabilityZone: 'us-east-1b',
            ImageId: 'ami-x64',
          },
        ],
      },
    ],
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: STACK_TAG, Value: `<a & "b">'\r\n\tü` }] }],
    ...more,
  });

async function launched(count = 1): Promise<string[]> {
  const answer = await ec2.client.send(fleet(count, { ClientToken: `ticket-${count}-${ec2.now}` }));
  return (answer.Instances ?? []).flatMap((set) => set.InstanceIds ?? []);
}

/** What the official client makes of a refusal. */
async function refusal(
  call: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EC2ServiceException)) throw new Error('want an error of EC2', { cause: error });
  return { name: error.name, status: error.$metadata.httpStatusCode, message: error.message };
}

/** A form that no SDK would send. */
async function post(
  form: Record<string, string>,
): Promise<{ status: number; code: string | undefined; text: string }> {
  const response = await fetch(ec2.url, { method: 'POST', body: new URLSearchParams(form) });
  const text = await response.text();
  return { status: response.status, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1], text };
}

describe('the official client', () => {
  it('launches a fleet and reads instances and errors of one answer', async () => {
    const answer = await ec2.client.send(fleet(2));
    const Spec = { LaunchTemplateId: test.templateId, Version: '1' };
    expect(answer.FleetId).toMatch(/^fleet-[0-9a-f-]{36}$/);
    expect(answer.Instances).toEqual([
      {
        LaunchTemplateAndOverrides: {
          LaunchTemplateSpecification: Spec,
          Overrides: {
            InstanceType: 'm7a.large',
            SubnetId: 'subnet-b',
            AvailabilityZone: 'us-east-1b',
            ImageId: 'ami-x64',
          },
        },
        Lifecycle: 'spot',
        InstanceIds: [expect.stringMatching(/^i-/), expect.stringMatching(/^i-/)],
        InstanceType: 'm7a.large',
        AvailabilityZone: 'us-east-1b',
        SubnetId: 'subnet-b',
      },
    ]);
    expect(answer.Errors).toEqual([
      expect.objectContaining({ ErrorCode: 'InsufficientInstanceCapacity', Lifecycle: 'spot' }),
    ]);
    expect(await ec2.client.send(fleet(2))).toMatchObject({ Instances: answer.Instances });
  });

  it('describes instances with every value as it was given', async () => {
    const [id = ''] = await launched();
    const answer = await ec2.client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    expect(answer.Reservations?.[0]?.OwnerId).toBe('123456789012');
    expect(answer.Reservations?.[0]?.Instances?.[0]).toMatchObject({
      InstanceId: id,
      InstanceLifecycle: 'spot',
      State: { Code: 0, Name: 'pending' },
      LaunchTime: new Date(T0),
      Placement: { AvailabilityZone: 'us-east-1b' },
      PrivateIpAddress: '10.0.16.4',
      MetadataOptions: { State: 'applied', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 },
      Tags: expect.arrayContaining([{ Key: STACK_TAG, Value: `<a & "b">'\r\n\tü` }]),
    });
  });

  it('walks through pages with its own paginator', async () => {
    const ids = await launched(12);
    const Filters = [{ Name: 'tag-key', Values: [STACK_TAG] }];
    const seen: string[] = [];
    for await (const page of paginateDescribeInstances({ client: ec2.client, pageSize: 5 }, { Filters })) {
      for (const one of page.Reservations ?? [])
        seen.push(...(one.Instances ?? []).map((i) => i.InstanceId ?? ''));
    }
    expect(seen).toEqual(ids);
  });

  it('terminates, closes the metadata endpoint and tags', async () => {
    const [id = ''] = await launched();
    ec2.now = T0 + 10_000;
    const InstanceId = id;
    const closing = await ec2.client.send(
      new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpEndpoint: 'disabled' }),
    );
    expect(closing.InstanceMetadataOptions).toMatchObject({ State: 'pending', HttpEndpoint: 'disabled' });
    await ec2.client.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'k', Value: '' }] }));
    expect(test.model.instance(id)?.tags.get('k')).toBe('');
    const ending = await ec2.client.send(
      new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }),
    );
    expect(ending.TerminatingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 16, Name: 'running' },
        CurrentState: { Code: 32, Name: 'shutting-down' },
      },
    ]);
  });

  it('creates a launch template, adds a version, reads them and deletes it', async () => {
    const created = await ec2.client.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: 'arm',
        LaunchTemplateData: {
          ...{ ImageId: 'ami-arm', UserData: TEMPLATE_DATA.UserData, SecurityGroupIds: ['sg-1'] },
          InstanceInitiatedShutdownBehavior: 'terminate',
          NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false, Groups: ['sg-1', 'sg-2'] }],
          BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 30, Encrypted: true } }],
          TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }],
        },
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: STACK_TAG, Value: 's1' }] }],
      }),
    );
    const { LaunchTemplateId } = created.LaunchTemplate ?? {};
    expect(created.LaunchTemplate).toMatchObject({
      LaunchTemplateName: 'arm',
      LatestVersionNumber: 1,
      Tags: [{ Key: STACK_TAG, Value: 's1' }],
    });
    const LaunchTemplateData = { ImageId: 'ami-arm', InstanceType: 'c7g.large' as const };
    await ec2.client.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }));
    const read = await ec2.client.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId }));
    expect(read.LaunchTemplateVersions?.map((one) => one.VersionNumber)).toEqual([1, 2]);
    expect(read.LaunchTemplateVersions?.[0]?.LaunchTemplateData).toEqual({
      ...{ ImageId: 'ami-arm', UserData: TEMPLATE_DATA.UserData, SecurityGroupIds: ['sg-1'] },
      InstanceInitiatedShutdownBehavior: 'terminate',
      NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false, Groups: ['sg-1', 'sg-2'] }],
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 30, Encrypted: true } }],
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    await ec2.client.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
    const again = refusal(ec2.client.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId })));
    expect((await again).name).toBe('InvalidLaunchTemplateId.NotFound');
  });

  it('reads subnets and images, and the addresses left', async () => {
    await launched(3);
    const subnets = await ec2.client.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-b'] }));
    expect(subnets.Subnets).toMatchObject([
      { AvailabilityZone: 'us-east-1b', AvailableIpAddressCount: 4088, State: 'available' },
    ]);
    await ec2.client.send(
      new CreateTagsCommand({ Resources: ['ami-x64'], Tags: [{ Key: 'channel', Value: 'stable' }] }),
    );
    const Filters = [{ Name: 'tag:channel', Values: ['stable'] }];
    const images = await ec2.client.send(new DescribeImagesCommand({ Owners: ['self'], Filters }));
    expect(images.Images).toMatchObject([
      { ImageId: 'ami-x64', State: 'available', Architecture: 'x86_64', OwnerId: '123456789012' },
    ]);
  });
});

describe('errors on the wire', () => {
  it('are what the official client makes exceptions of', async () => {
    const unknown = new DescribeInstancesCommand({ InstanceIds: ['i-00000000000000001'] });
    expect(await refusal(ec2.client.send(unknown))).toEqual({
      name: 'InvalidInstanceID.NotFound',
      status: 400,
      message: "The instance ID 'i-00000000000000001' does not exist",
    });
    expect(await refusal(ec2.client.send(fleet(1, { DryRun: true })))).toMatchObject({
      name: 'DryRunOperation',
      status: 412,
    });
    await ec2.client.send(fleet(1));
    expect(await refusal(ec2.client.send(fleet(2)))).toMatchObject({
      name: 'IdempotentParameterMismatch',
      status: 400,
    });
  });

  it('tell the throttled by 503', async () => {
    for (let call = 0; call < 50; call++) test.model.createFleet({}, T0);
    expect(await refusal(ec2.client.send(fleet(1)))).toMatchObject({
      name: 'RequestLimitExceeded',
      status: 503,
    });
  });

  it('refuse an action that is not modelled', async () => {
    expect(await refusal(ec2.client.send(new DescribeVpcsCommand({})))).toMatchObject({
      name: 'InvalidAction',
      status: 400,
    });
  });

  it('refuse, by name, a parameter that is not modelled, and do nothing', async () => {
    const Overrides = [{ InstanceType: 'm7a.large' as const, SubnetId: 'subnet-b', MaxPrice: '1' }];
    const LaunchTemplateSpecification = { LaunchTemplateId: test.templateId, Version: '1' };
    const priced = fleet(1, { LaunchTemplateConfigs: [{ LaunchTemplateSpecification, Overrides }] });
    expect(await refusal(ec2.client.send(priced))).toMatchObject({
      name: 'UnknownParameter',
      message: 'The parameter LaunchTemplateConfigs.1.Overrides.1.MaxPrice is not recognized',
    });
    const force = new TerminateInstancesCommand({ InstanceIds: ['i-00000000000000001'], Force: true });
    expect((await refusal(ec2.client.send(force))).name).toBe('UnknownParameter');
    const key = new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'n',
      LaunchTemplateData: { KeyName: 'k' },
    });
    expect(await refusal(ec2.client.send(key))).toMatchObject({
      name: 'UnknownParameter',
      message: expect.stringContaining('KeyName'),
    });
    expect(test.model.instances(T0)).toEqual([]);
  });

  it.each(MODELLED_ACTIONS)('refuse an unknown parameter of %s', async (Action) => {
    const answer = await post({ Action, Version: '2016-11-15', 'Sky.1.Colour': 'blue' });
    expect(answer).toMatchObject({ status: 400, code: 'UnknownParameter' });
    expect(answer.text).toContain('The parameter Sky is not recognized');
  });

  it.each([
    ['no action', {}, 'MissingAction'],
    ['another version', { Action: 'DescribeInstances', Version: '2010-01-01' }, 'InvalidAction'],
    ['a missing parameter', { Action: 'CreateFleet', Version: '2016-11-15' }, 'MissingParameter'],
    [
      'text for a number',
      { Action: 'DescribeInstances', Version: '2016-11-15', MaxResults: 'x' },
      'InvalidParameterValue',
    ],
    [
      'a name as value and group',
      { Action: 'CreateTags', Version: '2016-11-15', Tag: 'x', 'Tag.1.Key': 'k' },
      'InvalidParameter',
    ],
    [
      'a name of a prototype',
      { Action: 'CreateTags', Version: '2016-11-15', '__proto__.a': 'x' },
      'UnknownParameter',
    ],
  ])('refuse a form with %s', async (_what, form, code) => {
    expect(await post(form)).toMatchObject({ status: 400, code });
  });

  it('carry what the caller wrote without becoming markup', async () => {
    const answer = await post({ Action: '<x>&', Version: '2016-11-15' });
    expect(answer.text).toContain('The action &lt;x&gt;&amp; is not valid');
  });
});
