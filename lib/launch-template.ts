import { CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { CfnLaunchTemplate, type ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { UserData } from '../lambdas/contracts/claim.ts';
import { TAG } from '../lambdas/contracts/tags.ts';
import { PROTOCOL_VERSION } from '../lambdas/contracts/text.ts';
import type { PoolPlan } from './config/compile.ts';

export interface PoolTemplateProps {
  readonly plan: PoolPlan;
  readonly stackId: string;
  readonly claimUrl: string;
  readonly securityGroup: ISecurityGroup;
  readonly publicIp: boolean;
}

/**
 * How the instances of one pool are launched. There is no instance profile and no key pair, and the template is all
 * that dispatch may launch from. Types and subnets are not in it: each launch orders them anew.
 */
export class PoolTemplate extends Construct {
  readonly pool: string;
  readonly imageId: string;
  private readonly template: CfnLaunchTemplate;

  constructor(scope: Construct, id: string, props: PoolTemplateProps) {
    super(scope, id);
    this.pool = props.plan.name;
    this.imageId = this.image(props.plan);
    this.template = new CfnLaunchTemplate(this, 'Template', {
      versionDescription: `Mayfly pool ${this.pool}`,
      launchTemplateData: {
        imageId: this.imageId,
        instanceInitiatedShutdownBehavior: 'terminate',
        metadataOptions: {
          httpEndpoint: 'enabled',
          httpTokens: 'required',
          httpPutResponseHopLimit: 1,
          httpProtocolIpv6: 'disabled',
          // Said outright: an account's default may turn it on, and a job should not read our tags.
          instanceMetadataTags: 'disabled',
        },
        monitoring: { enabled: false },
        blockDeviceMappings: [rootVolume(props.plan)],
        networkInterfaces: [networkInterface(props)],
        tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
          resourceType,
          tags: [
            { key: TAG.stack, value: props.stackId },
            { key: TAG.pool, value: this.pool },
          ],
        })),
        userData: Fn.base64(Stack.of(this).toJsonString(userDataOf(props))),
      },
    });
  }

  get templateId(): string {
    return this.template.ref;
  }

  /** A number: what is launched is what was deployed, and never what somebody added since. */
  get templateVersion(): string {
    return this.template.attrLatestVersionNumber;
  }

  get templateArn(): string {
    return Stack.of(this).formatArn({
      service: 'ec2',
      resource: 'launch-template',
      resourceName: this.templateId,
    });
  }

  get imageArn(): string {
    return Stack.of(this).formatArn({
      service: 'ec2',
      account: '',
      resource: 'image',
      resourceName: this.imageId,
    });
  }

  /** A parameter of the stack, and not a dynamic reference: CloudFormation reads it anew at every deploy. */
  private image({ image }: PoolPlan): string {
    if ('ami' in image) return image.ami;
    return new CfnParameter(this, 'Image', {
      type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>',
      default: image.ssm,
      description: `Image of Mayfly pool ${this.pool} (unverified)`,
    }).valueAsString;
  }
}

/** Constant per pool: it breaks no launch batch and holds no secret. */
const userDataOf = ({ stackId, claimUrl, plan }: PoolTemplateProps): UserData => ({
  protocolVersion: PROTOCOL_VERSION,
  stackId,
  pool: plan.name,
  claimUrl,
});

function rootVolume({ image, volume }: PoolPlan): CfnLaunchTemplate.BlockDeviceMappingProperty {
  const { sizeGiB, iops, throughputMiBps } = volume;
  return {
    deviceName: image.rootDevice,
    ebs: {
      volumeType: 'gp3',
      volumeSize: sizeGiB,
      encrypted: true,
      deleteOnTermination: true,
      ...(iops === undefined ? {} : { iops }),
      ...(throughputMiBps === undefined ? {} : { throughput: throughputMiBps }),
    },
  };
}

/**
 * A network interface in the template, rather than security groups at its top level: only an interface can ask for a
 * public address whatever the subnet's setting. CreateFleet fills in the subnet of each override, as long as the
 * template names none (Karpenter launches so when its associatePublicIPAddress is set).
 */
const networkInterface = ({ securityGroup, publicIp }: PoolTemplateProps) => ({
  deviceIndex: 0,
  associatePublicIpAddress: publicIp,
  deleteOnTermination: true,
  groups: [securityGroup.securityGroupId],
});
