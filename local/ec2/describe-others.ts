import type { Filter } from './describe-types.ts';
import { tagList } from './described.ts';
import { answered, type Ec2Answer, ec2Error, refused } from './errors.ts';
import { type Facts, matcher } from './filters.ts';
import type { Subnet } from './subnets.ts';
import { type Call, call, type Image, type World } from './world.ts';

type Asked = { readonly Filters?: readonly Filter[] | undefined; readonly DryRun?: boolean | undefined };
export type DescribeSubnetsInput = Asked & { readonly SubnetIds?: readonly string[] | undefined };
export type DescribeImagesInput = Asked & {
  readonly ImageIds?: readonly string[] | undefined;
  /** The model's images all belong to the account itself. */
  readonly Owners?: readonly string[] | undefined;
};
const SUBNET_FACTS: Facts<Subnet> = {
  'availability-zone': (subnet) => subnet.zone,
  'subnet-id': (subnet) => subnet.subnetId,
  'vpc-id': (subnet) => subnet.vpcId,
};

export function describeSubnets(world: World, input: DescribeSubnetsInput, now: number) {
  const door: Call = { action: 'DescribeSubnets', now, dryRun: input.DryRun };
  return call(world, door, () => {
    const listed = listedBy(world.subnets, input.SubnetIds ?? [], (ids) =>
      ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${ids.join(', ')}' does not exist`),
    );
    if (!listed.ok) return listed;
    const fits = matcher<Subnet>(input.Filters ?? [], { facts: SUBNET_FACTS, tags: (subnet) => subnet.tags });
    if (!fits.ok) return fits;
    return answered({
      Subnets: listed.value.filter(fits.value).map((subnet) => ({
        SubnetId: subnet.subnetId,
        VpcId: subnet.vpcId,
        AvailabilityZone: subnet.zone,
        CidrBlock: subnet.cidrBlock,
        AvailableIpAddressCount: subnet.freeIps(),
        State: 'available',
        OwnerId: world.options.accountId,
        Tags: tagList(subnet.tags),
      })),
    });
  });
}

const IMAGE_FACTS: Facts<Image> = {
  architecture: (image) => image.architecture,
  'image-id': (image) => image.imageId,
  name: (image) => image.name,
  state: (image) => image.state,
};

export function describeImages(world: World, input: DescribeImagesInput, now: number) {
  const door: Call = { action: 'DescribeImages', now, dryRun: input.DryRun };
  return call(world, door, () => {
    const listed = listedBy(world.images, input.ImageIds ?? [], (ids) =>
      ec2Error('InvalidAMIID.NotFound', `The image id '[${ids.join(', ')}]' does not exist`),
    );
    if (!listed.ok) return listed;
    const fits = matcher<Image>(input.Filters ?? [], { facts: IMAGE_FACTS, tags: (image) => image.tags });
    if (!fits.ok) return fits;
    const { accountId } = world.options;
    const isAsked = (input.Owners ?? ['self']).some((owner) => owner === 'self' || owner === accountId);
    return answered({
      Images: (isAsked ? listed.value : []).filter(fits.value).map((image) => ({
        ImageId: image.imageId,
        Name: image.name,
        State: image.state,
        Architecture: image.architecture,
        OwnerId: accountId,
        Tags: tagList(image.tags),
      })),
    });
  });
}

/** All, or those named; one unknown id fails the call. */
function listedBy<T>(
  all: ReadonlyMap<string, T>,
  ids: readonly string[],
  notFound: (ids: readonly string[]) => ReturnType<typeof ec2Error>,
): Ec2Answer<readonly T[]> {
  if (ids.length === 0) return answered([...all.values()]);
  const unknown = ids.filter((id) => !all.has(id));
  if (unknown.length > 0) return refused(notFound(unknown));
  return answered([...new Set(ids)].flatMap((id) => all.get(id) ?? []));
}
