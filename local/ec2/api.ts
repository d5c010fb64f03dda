import { describeInstances } from './describe.ts';
import {
  type DescribeImagesInput,
  type DescribeSubnetsInput,
  describeImages,
  describeSubnets,
} from './describe-others.ts';
import type { DescribeInstancesInput, DescribeInstancesResult } from './describe-types.ts';
import type { Ec2Answer } from './errors.ts';
import { createFleet } from './fleet.ts';
import type { CreateFleetInput, CreateFleetResult } from './fleet-types.ts';
import {
  type ModifyInstanceMetadataOptionsInput,
  type ModifyInstanceMetadataOptionsResult,
  modifyInstanceMetadataOptions,
} from './metadata.ts';
import { type CreateTagsInput, createTags } from './tags.ts';
import {
  type CreateLaunchTemplateInput,
  type CreateLaunchTemplateVersionInput,
  createLaunchTemplate,
  createLaunchTemplateVersion,
  type DeleteLaunchTemplateInput,
  type DescribeLaunchTemplateVersionsInput,
  deleteLaunchTemplate,
  describeLaunchTemplateVersions,
  type LaunchTemplateResult,
} from './template-calls.ts';
import {
  type TerminateInstancesInput,
  type TerminateInstancesResult,
  terminateInstances,
} from './terminate.ts';
import type { World } from './world.ts';

/** The API. Every call takes `now` (epoch ms), costs tokens, and is answered at once. */
export type Ec2Api = {
  createFleet(input: CreateFleetInput, now: number): Ec2Answer<CreateFleetResult>;
  describeInstances(input: DescribeInstancesInput, now: number): Ec2Answer<DescribeInstancesResult>;
  terminateInstances(input: TerminateInstancesInput, now: number): Ec2Answer<TerminateInstancesResult>;
  modifyInstanceMetadataOptions(
    input: ModifyInstanceMetadataOptionsInput,
    now: number,
  ): Ec2Answer<ModifyInstanceMetadataOptionsResult>;
  createTags(input: CreateTagsInput, now: number): Ec2Answer<object>;
  createLaunchTemplate(input: CreateLaunchTemplateInput, now: number): Ec2Answer<LaunchTemplateResult>;
  createLaunchTemplateVersion(input: CreateLaunchTemplateVersionInput, now: number): Ec2Answer<object>;
  deleteLaunchTemplate(input: DeleteLaunchTemplateInput, now: number): Ec2Answer<LaunchTemplateResult>;
  describeSubnets(input: DescribeSubnetsInput, now: number): Ec2Answer<object>;
  describeImages(input: DescribeImagesInput, now: number): Ec2Answer<object>;
  describeLaunchTemplateVersions(input: DescribeLaunchTemplateVersionsInput, now: number): Ec2Answer<object>;
};

export const apiOf = (world: World): Ec2Api => ({
  createFleet: (input, now) => createFleet(world, input, now),
  describeInstances: (input, now) => describeInstances(world, input, now),
  terminateInstances: (input, now) => terminateInstances(world, input, now),
  modifyInstanceMetadataOptions: (input, now) => modifyInstanceMetadataOptions(world, input, now),
  createTags: (input, now) => createTags(world, input, now),
  createLaunchTemplate: (input, now) => createLaunchTemplate(world, input, now),
  createLaunchTemplateVersion: (input, now) => createLaunchTemplateVersion(world, input, now),
  deleteLaunchTemplate: (input, now) => deleteLaunchTemplate(world, input, now),
  describeSubnets: (input, now) => describeSubnets(world, input, now),
  describeImages: (input, now) => describeImages(world, input, now),
  describeLaunchTemplateVersions: (input, now) => describeLaunchTemplateVersions(world, input, now),
});
