import { type InstanceType, type Market, usdPerHour } from './catalogue.ts';
import { answered, type Ec2Answer, type Ec2Error, ec2Error, invalid, refused } from './errors.ts';
import type { CreateFleetInput, FleetOverride, LaunchTemplateAndOverrides, Tag } from './fleet-types.ts';
import type { Subnet } from './subnets.ts';
import type { Template, TemplateVersion } from './templates.ts';
import type { Image, World } from './world.ts';

/** One thing a fleet may launch from: a type in a subnet, with an image and a template version. */
export type Pool = {
  readonly described: LaunchTemplateAndOverrides;
  readonly template: Template;
  readonly version: TemplateVersion;
  readonly type: InstanceType;
  readonly subnet: Subnet;
  readonly image: Image;
  readonly rootVolumeGib: number;
  /** Tags from the template; the fleet's own come on top. */
  readonly tags: readonly Tag[];
};

/** A pool that could be launched from, or what EC2 will say when it is tried. */
export type Candidate = {
  readonly described: LaunchTemplateAndOverrides;
  readonly pool: Ec2Answer<Pool>;
};

/** Every override of a request. The call itself is refused for an unknown template, or two pools of one type and zone. */
export function candidatesOf(world: World, input: CreateFleetInput): Ec2Answer<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  for (const config of input.LaunchTemplateConfigs ?? []) {
    const specification = config.LaunchTemplateSpecification ?? {};
    const template = world.templates.find(specification);
    if (!template.ok) return template;
    const version = world.templates.findVersion(template.value, specification.Version);
    if (!version.ok) return version;
    const overrides = config.Overrides?.length ? config.Overrides : [{}];
    const source = { template: template.value, version: version.value };
    candidates.push(...overrides.map((override) => candidateOf(world, source, override)));
  }
  const keys = candidates.flatMap(({ pool }) =>
    pool.ok ? [`${pool.value.type.name}/${pool.value.subnet.zone}`] : [],
  );
  if (new Set(keys).size < keys.length) {
    return refused(
      ec2Error('InvalidFleetConfig', 'The fleet configuration contains duplicate instance pools.'),
    );
  }
  return answered(candidates);
}

type Source = { readonly template: Template; readonly version: TemplateVersion };

function candidateOf(world: World, source: Source, override: FleetOverride): Candidate {
  const described = {
    LaunchTemplateSpecification: {
      LaunchTemplateId: source.template.templateId,
      Version: String(source.version.number),
    },
    Overrides: override,
  };
  return { described, pool: poolOf(world, { ...source, described }, override) };
}

function poolOf(
  world: World,
  source: Source & Pick<Pool, 'described'>,
  override: FleetOverride,
): Ec2Answer<Pool> {
  const { data } = source.version;
  const typeName = override.InstanceType ?? data.InstanceType;
  const type = world.types.get(typeName ?? '');
  if (type === undefined) return refused(invalid(`Invalid value '${typeName}' for InstanceType.`));
  const subnet = subnetOf(world, override, source.version);
  if (!subnet.ok) return subnet;
  const image = imageFor(world, override.ImageId ?? data.ImageId, type);
  if (!image.ok) return image;
  const tags = (data.TagSpecifications ?? []).flatMap((one) =>
    one.ResourceType === 'instance' ? one.Tags : [],
  );
  const rootVolumeGib =
    override.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize ??
    data.BlockDeviceMappings?.[0]?.Ebs?.VolumeSize ??
    image.value.rootVolumeGib;
  if (rootVolumeGib < image.value.rootVolumeGib) return refused(tooSmall(rootVolumeGib, image.value));
  return answered({ ...source, type, subnet: subnet.value, image: image.value, rootVolumeGib, tags });
}

function subnetOf(world: World, override: FleetOverride, version: TemplateVersion): Ec2Answer<Subnet> {
  const id = override.SubnetId ?? version.data.NetworkInterfaces?.[0]?.SubnetId;
  if (id === undefined)
    return refused(ec2Error('VPCIdNotSpecified', 'No default VPC for this user: want a subnet id'));
  const subnet = world.subnets.get(id);
  if (subnet === undefined) {
    return refused(ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`));
  }
  const zone = override.AvailabilityZone;
  return zone === undefined || zone === subnet.zone
    ? answered(subnet)
    : refused(invalid(`The subnet '${id}' is in the zone ${subnet.zone}, not in ${zone}`));
}

const SSM_PREFIX = 'resolve:ssm:';

function imageFor(world: World, asked: string | undefined, type: InstanceType): Ec2Answer<Image> {
  if (asked === undefined)
    return refused(ec2Error('MissingInput', 'Launch template must contain an ImageId'));
  const id = asked.startsWith(SSM_PREFIX) ? world.options.parameter?.(asked.slice(SSM_PREFIX.length)) : asked;
  const image = world.images.get(id ?? '');
  if (image === undefined) {
    return refused(ec2Error('InvalidAMIID.NotFound', `The image id '[${id ?? asked}]' does not exist`));
  }
  if (image.state !== 'available') {
    return refused(ec2Error('InvalidAMIID.Unavailable', `The image ID '${image.imageId}' is not available`));
  }
  return image.architecture === type.architecture ? answered(image) : refused(mismatch(image, type));
}

const tooSmall = (gib: number, image: Image): Ec2Error =>
  ec2Error(
    'InvalidBlockDeviceMapping',
    `Volume of size ${gib}GB is smaller than snapshot of '${image.imageId}', expect size >= ${image.rootVolumeGib}GB`,
  );

const mismatch = (image: Image, type: InstanceType): Ec2Error =>
  invalid(
    `The architecture '${type.architecture}' of the specified instance type does not match the architecture ` +
      `'${image.architecture}' of the specified AMI.`,
  );

/** In the order in which a strategy tries pools: what has room first where capacity counts, then price or priority. */
export function ordered(
  world: World,
  candidates: readonly Candidate[],
  how: { readonly market: Market; readonly strategy: string; readonly now: number },
): readonly Candidate[] {
  const minds = how.strategy.includes('capacity-optimized');
  const isDry = ({ pool }: Candidate) => pool.ok && roomIn(world, pool.value, how) === 0;
  const rank = (candidate: Candidate) =>
    how.strategy.endsWith('prioritized')
      ? (candidate.described.Overrides.Priority ?? Number.POSITIVE_INFINITY)
      : candidate.pool.ok
        ? usdPerHour(candidate.pool.value.type, how.market)
        : Number.POSITIVE_INFINITY;
  const ranked = candidates.map((candidate) => ({
    candidate,
    dry: minds && isDry(candidate) ? 1 : 0,
    rank: rank(candidate),
  }));
  ranked.sort((a, b) => a.dry - b.dry || (a.rank === b.rank ? 0 : a.rank - b.rank));
  return ranked.map(({ candidate }) => candidate);
}

/** How many instances the weather lets this pool give. */
export function roomIn(
  world: World,
  pool: Pool,
  how: { readonly market: Market; readonly now: number },
): number {
  const offer = { instanceType: pool.type.name, zone: pool.subnet.zone, market: how.market };
  return world.options.weather?.offer?.(offer, how.now)?.instancesMax ?? Number.POSITIVE_INFINITY;
}
