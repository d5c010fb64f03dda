import type { State, Tag } from './fleet-types.ts';
import type { ShownMetadataOptions } from './metadata.ts';

export type Filter = { readonly Name?: string | undefined; readonly Values?: readonly string[] | undefined };

export type DescribeInstancesInput = {
  readonly InstanceIds?: readonly string[] | undefined;
  readonly Filters?: readonly Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
  readonly DryRun?: boolean | undefined;
};

/** Members that EC2 leaves out for ended instances are optional. */
export type DescribedInstance = {
  readonly InstanceId: string;
  readonly ImageId: string;
  readonly State: State;
  readonly StateTransitionReason: string;
  readonly StateReason?: { readonly Code: string; readonly Message: string };
  readonly InstanceType: string;
  readonly Architecture: string;
  readonly AmiLaunchIndex: number;
  readonly LaunchTime: Date;
  readonly Placement: { readonly AvailabilityZone: string; readonly Tenancy: 'default' };
  /** On spot only: EC2 leaves it out for on-demand. */
  readonly InstanceLifecycle?: 'spot';
  readonly SpotInstanceRequestId?: string;
  readonly SubnetId?: string;
  readonly VpcId?: string;
  readonly PrivateIpAddress?: string;
  readonly MetadataOptions: ShownMetadataOptions;
  readonly Tags: readonly Tag[];
};

export type DescribeInstancesResult = {
  readonly Reservations: readonly {
    readonly ReservationId: string;
    readonly OwnerId: string;
    readonly Instances: readonly DescribedInstance[];
  }[];
  readonly NextToken?: string;
};
