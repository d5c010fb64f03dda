import { Aws, Fn } from 'aws-cdk-lib';
import { EndpointType, LambdaIntegration, MethodLoggingLevel, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { CfnVPCEndpoint, InterfaceVpcEndpoint, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Network } from './network.ts';

const STAGE = 'claim';

export interface PrivateClaimProps {
  readonly claim: LambdaFunction;
  readonly network: Network;
}

/**
 * The claim behind an API that answers one interface endpoint alone: the internet cannot reach it, and each request
 * carries the address of the instance in its VPC, which no instance can feign.
 *
 * The endpoint's private DNS stays off: it would send every execute-api name that a job calls in this VPC to our
 * endpoint. Instances use the name that the association of API and endpoint gives, which resolves everywhere.
 */
export class PrivateClaim extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { claim, network }: PrivateClaimProps) {
    super(scope, id);
    const door = new SecurityGroup(this, 'Door', {
      vpc: network.vpc,
      description: 'Mayfly claim endpoint: HTTPS in from runners, nothing out',
      allowAllOutbound: false,
    });
    door.addIngressRule(Peer.securityGroupId(network.securityGroup.securityGroupId), Port.tcp(443), 'claims');
    const { attrId: vpcEndpointId } = new CfnVPCEndpoint(this, 'Endpoint', {
      vpcEndpointType: 'Interface',
      serviceName: `com.amazonaws.${Aws.REGION}.execute-api`,
      vpcId: network.vpc.vpcId,
      subnetIds: network.subnets.map((subnet) => subnet.id),
      securityGroupIds: [door.securityGroupId],
      privateDnsEnabled: false,
    });
    const endpoint = InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(this, 'Association', {
      vpcEndpointId,
      port: 443,
    });
    const api = new RestApi(this, 'Api', {
      description: 'Mayfly claim, from the VPC of its runners alone',
      endpointConfiguration: { types: [EndpointType.PRIVATE], vpcEndpoints: [endpoint] },
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        // A claim's answer is a secret, and its body a bearer token for a while: the API must never log either.
        dataTraceEnabled: false,
        loggingLevel: MethodLoggingLevel.OFF,
      },
    });
    api.grantInvokeFromVpcEndpointsOnly([endpoint]);
    api.root.addMethod('POST', new LambdaIntegration(claim, { allowTestInvoke: false }));
    const host = `${api.restApiId}-${vpcEndpointId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
    this.url = Fn.join('', ['https://', host, '/', STAGE, '/']);
  }
}
