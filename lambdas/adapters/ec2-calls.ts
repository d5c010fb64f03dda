import type {
  CreateFleetCommandInput,
  DescribeInstancesCommandInput,
  ModifyInstanceMetadataOptionsCommandInput,
  TerminateInstancesCommandInput,
} from '@aws-sdk/client-ec2';

/**
 * The four EC2 calls that Mayfly makes, in EC2's own words: by the SDK in the cloud, by the model in memory. A call that is
 * not answered with success throws what the SDK throws.
 */
export interface Ec2Calls {
  createFleet(input: CreateFleetCommandInput): Promise<FleetOutput>;
  describeInstances(input: DescribeInstancesCommandInput): Promise<DescribeOutput>;
  terminateInstances(input: TerminateInstancesCommandInput): Promise<TerminateOutput>;
  modifyInstanceMetadataOptions(input: ModifyInstanceMetadataOptionsCommandInput): Promise<MetadataOutput>;
}

/** As much of the answers as is read; by EC2's schema every member may be missing. */
export interface FleetOutput {
  readonly Instances?: readonly FleetSet[] | undefined;
  readonly Errors?: readonly FleetError[] | undefined;
}

export interface FleetOffer {
  readonly InstanceType?: string | undefined;
  readonly AvailabilityZone?: string | undefined;
  readonly SubnetId?: string | undefined;
}

interface OfOffer {
  readonly LaunchTemplateAndOverrides?: { readonly Overrides?: FleetOffer | undefined } | undefined;
}

export interface FleetSet extends OfOffer {
  readonly Lifecycle?: string | undefined;
  readonly InstanceType?: string | undefined;
  readonly InstanceIds?: readonly string[] | undefined;
}

export interface FleetError extends OfOffer {
  readonly ErrorCode?: string | undefined;
}

export interface DescribeOutput {
  readonly Reservations?: readonly { readonly Instances?: readonly unknown[] | undefined }[] | undefined;
  readonly NextToken?: string | undefined;
}

export interface TerminateOutput {
  readonly TerminatingInstances?:
    | readonly {
        readonly InstanceId?: string | undefined;
        readonly CurrentState?: { readonly Name?: string | undefined } | undefined;
      }[]
    | undefined;
}

export interface MetadataOptions {
  readonly HttpEndpoint?: string | undefined;
  readonly State?: string | undefined;
}

export interface MetadataOutput {
  readonly InstanceMetadataOptions?: MetadataOptions | undefined;
}
