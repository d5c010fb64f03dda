import { z } from 'zod';
import type { Json } from '../../json.ts';
import { hex } from '../identity.ts';
import { kind, type Place, type ResourceKind } from '../kind.ts';

/** An id such as EC2 gives: stable over runs of one template. */
const idOf = (prefix: string, { logicalId, context }: Place): string =>
  `${prefix}-${hex(`${context.identity.stackId}/${logicalId}`, 17)}`;

/**
 * Plumbing of the network. Packets of a local run never pass it, so its properties change nothing; what instances can
 * reach is a property of the deployed template, tested there.
 */
function plumbing(
  type: string,
  prefix: string,
  attributes: (id: string) => Record<string, Json> = () => ({}),
) {
  return kind(type, z.record(z.string(), z.unknown()), (_given, place) => {
    const ref = idOf(prefix, place);
    return { ref, attributes: attributes(ref) };
  });
}

/** The one part that launches depend on: which subnet lies in which zone. */
const subnet = kind(
  'AWS::EC2::Subnet',
  z.looseObject({ VpcId: z.string(), AvailabilityZone: z.string(), CidrBlock: z.string() }),
  (given, place) => {
    const subnetId = idOf('subnet', place);
    const { VpcId: vpcId, AvailabilityZone: zone, CidrBlock: cidrBlock } = given;
    place.context.ec2.addSubnet?.({ subnetId, vpcId, zone, cidrBlock });
    return {
      ref: subnetId,
      attributes: { SubnetId: subnetId, VpcId: vpcId, AvailabilityZone: zone },
    };
  },
);

export const networkKinds: readonly ResourceKind[] = [
  subnet,
  plumbing('AWS::EC2::VPC', 'vpc', (VpcId) => ({ VpcId, DefaultSecurityGroup: VpcId.replace('vpc', 'sg') })),
  plumbing('AWS::EC2::SecurityGroup', 'sg', (GroupId) => ({ GroupId, Id: GroupId })),
  plumbing('AWS::EC2::SecurityGroupEgress', 'sgr'),
  plumbing('AWS::EC2::SecurityGroupIngress', 'sgr'),
  plumbing('AWS::EC2::InternetGateway', 'igw', (InternetGatewayId) => ({ InternetGatewayId })),
  plumbing('AWS::EC2::VPCGatewayAttachment', 'igw-attach'),
  plumbing('AWS::EC2::RouteTable', 'rtb', (RouteTableId) => ({ RouteTableId })),
  plumbing('AWS::EC2::Route', 'route'),
  plumbing('AWS::EC2::SubnetRouteTableAssociation', 'rtbassoc'),
  plumbing('AWS::EC2::VPCEndpoint', 'vpce'),
  plumbing('AWS::EC2::FlowLog', 'fl'),
  plumbing('AWS::Route53Resolver::FirewallDomainList', 'rslvr-fdl', (Id) => ({ Id })),
  plumbing('AWS::Route53Resolver::FirewallRuleGroup', 'rslvr-frg', (Id) => ({ Id })),
  plumbing('AWS::Route53Resolver::FirewallRuleGroupAssociation', 'rslvr-frgassoc', (Id) => ({ Id })),
];
