import type { StateName } from './instance.ts';
import type { TemplateSpecification } from './templates.ts';

/** Requests and answers carry EC2's own names, as the SDK spells them; optional members may be undefined, as its do. */
export type Tag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

export type TagSpecification = {
  readonly ResourceType?: string | undefined;
  readonly Tags?: readonly Tag[] | undefined;
};

export type BlockDeviceMapping = {
  readonly DeviceName?: string | undefined;
  readonly Ebs?:
    | {
        readonly VolumeSize?: number | undefined;
        readonly VolumeType?: string | undefined;
        readonly Iops?: number | undefined;
        readonly Throughput?: number | undefined;
        readonly Encrypted?: boolean | undefined;
        readonly DeleteOnTermination?: boolean | undefined;
      }
    | undefined;
};

export type FleetOverride = {
  readonly InstanceType?: string | undefined;
  readonly SubnetId?: string | undefined;
  readonly AvailabilityZone?: string | undefined;
  readonly ImageId?: string | undefined;
  readonly Priority?: number | undefined;
  readonly BlockDeviceMappings?: readonly BlockDeviceMapping[] | undefined;
};

export type LaunchTemplateConfig = {
  readonly LaunchTemplateSpecification?: TemplateSpecification | undefined;
  readonly Overrides?: readonly FleetOverride[] | undefined;
};

export type CreateFleetInput = {
  readonly Type?: string | undefined;
  readonly ClientToken?: string | undefined;
  readonly DryRun?: boolean | undefined;
  readonly LaunchTemplateConfigs?: readonly LaunchTemplateConfig[] | undefined;
  readonly TargetCapacitySpecification?:
    | {
        readonly TotalTargetCapacity?: number | undefined;
        readonly OnDemandTargetCapacity?: number | undefined;
        readonly SpotTargetCapacity?: number | undefined;
        readonly DefaultTargetCapacityType?: string | undefined;
        readonly TargetCapacityUnitType?: string | undefined;
      }
    | undefined;
  readonly SpotOptions?:
    | {
        readonly AllocationStrategy?: string | undefined;
        readonly InstanceInterruptionBehavior?: string | undefined;
      }
    | undefined;
  readonly OnDemandOptions?: { readonly AllocationStrategy?: string | undefined } | undefined;
  readonly TagSpecifications?: readonly TagSpecification[] | undefined;
};

export type LaunchTemplateAndOverrides = {
  readonly LaunchTemplateSpecification: {
    readonly LaunchTemplateId: string;
    readonly Version: string;
  };
  readonly Overrides: FleetOverride;
};

export type FleetError = {
  readonly LaunchTemplateAndOverrides: LaunchTemplateAndOverrides;
  readonly Lifecycle: 'spot' | 'on-demand';
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
};

export type FleetInstances = {
  readonly LaunchTemplateAndOverrides: LaunchTemplateAndOverrides;
  readonly Lifecycle: 'spot' | 'on-demand';
  readonly InstanceIds: readonly string[];
  readonly InstanceType: string;
  readonly AvailabilityZone: string;
  readonly SubnetId: string;
};

/** An answer with errors is a success of the call: HTTP 200. Both lists may be full, and both empty. */
export type CreateFleetResult = {
  readonly FleetId: string;
  readonly Errors: readonly FleetError[];
  readonly Instances: readonly FleetInstances[];
};

export type State = { readonly Code: number; readonly Name: StateName };
