import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { TAG } from '../lambdas/contracts/tags.ts';
import type { PoolTemplate } from './launch-template.ts';
import type { Network } from './network.ts';

export interface LaunchRights {
  readonly templates: readonly PoolTemplate[];
  readonly network: Network;
  readonly stackId: string;
}

const ec2Arn = (scope: Construct, resource: string, resourceName = '*'): string =>
  Stack.of(scope).formatArn({ service: 'ec2', resource, resourceName });

/**
 * Launching, from our templates only: our images, our subnets, our security group, and only with our stack's tag on
 * what is made. A fleet of type instant launches with the caller's own rights, so RunInstances is needed too; there an
 * instance may only be made by one of the launch templates. Spot needs a role that exists once per account
 * (AWSServiceRoleForEC2Spot); making it is the operator's, for no function may do anything in IAM.
 *
 * Each ARN stands as seldom as possible: with 20 pools the inline policy must stay within 10,240 characters.
 */
export function launching(
  scope: Construct,
  { templates, network, stackId }: LaunchRights,
): PolicyStatement[] {
  const templateArns = templates.map((template) => template.templateArn);
  const made = ['instance', 'volume', 'network-interface'].map((kind) => ec2Arn(scope, kind));
  const madeByFleet = [...made, ec2Arn(scope, 'fleet')];
  const tagged = { [`aws:RequestTag/${TAG.stack}`]: stackId };
  return [
    new PolicyStatement({
      sid: 'LaunchFromOurs',
      actions: ['ec2:CreateFleet', 'ec2:RunInstances'],
      resources: [
        ...templateArns,
        ...new Set(templates.map((template) => template.imageArn)),
        ...network.subnets.map(({ id }) => ec2Arn(scope, 'subnet', id)),
        ec2Arn(scope, 'security-group', network.securityGroup.securityGroupId),
      ],
    }),
    new PolicyStatement({
      sid: 'FleetMakesTagged',
      actions: ['ec2:CreateFleet'],
      resources: madeByFleet,
      conditions: { StringEquals: tagged },
    }),
    new PolicyStatement({
      sid: 'RunMakesTaggedByTemplate',
      actions: ['ec2:RunInstances'],
      resources: made,
      conditions: { StringEquals: tagged, ArnEquals: { 'ec2:LaunchTemplate': templateArns } },
    }),
    new PolicyStatement({
      sid: 'TagWhatIsBeingMade',
      actions: ['ec2:CreateTags'],
      resources: madeByFleet,
      conditions: { StringEquals: { ...tagged, 'ec2:CreateAction': ['CreateFleet', 'RunInstances'] } },
    }),
  ];
}

/** EC2 has no resource level for describing. */
export const describing = (): PolicyStatement =>
  new PolicyStatement({ sid: 'Describe', actions: ['ec2:DescribeInstances'], resources: ['*'] });

const onOurInstances = (scope: Construct, sid: string, action: string, stackId: string): PolicyStatement =>
  new PolicyStatement({
    sid,
    actions: [action],
    resources: [ec2Arn(scope, 'instance')],
    conditions: { StringEquals: { [`ec2:ResourceTag/${TAG.stack}`]: stackId } },
  });

export const terminating = (scope: Construct, stackId: string): PolicyStatement =>
  onOurInstances(scope, 'TerminateOurs', 'ec2:TerminateInstances', stackId);

export const disablingMetadata = (scope: Construct, stackId: string): PolicyStatement =>
  onOurInstances(scope, 'CloseMetadataOfOurs', 'ec2:ModifyInstanceMetadataOptions', stackId);
