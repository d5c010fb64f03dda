import {
  CreateFleetCommand,
  DescribeInstancesCommand,
  EC2Client,
  type EC2ClientConfig,
  ModifyInstanceMetadataOptionsCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Instances } from '../ports/instances.ts';
import { callLimits } from './aws-call.ts';
import { instancesOver } from './ec2-port.ts';

/** A launch call takes 1 to 5 s (aws.md §3.1); the function that waits longest for one may run 15 s. */
const REQUEST_MAX_MS = 10_000;

/**
 * A client as the ledger wants it. No SDK retries: three blind attempts deepen a throttle (aws.md §2.4), and a launch
 * is repeated only from its frozen request. No kept connections: a launch sent into a socket that died while the container
 * was frozen would be unsure, and a minute of looking by tag costs more than a handshake.
 */
export const ec2Client = (config: EC2ClientConfig = {}): EC2Client =>
  new EC2Client({
    ...callLimits({ requestMaxMs: REQUEST_MAX_MS, attemptsMax: 1, keepAlive: false }),
    ...config,
  });

/** EC2's instances by the real service. */
export const createEc2Instances = (client: EC2Client): Instances =>
  instancesOver({
    createFleet: (input) => client.send(new CreateFleetCommand(input)),
    describeInstances: (input) => client.send(new DescribeInstancesCommand(input)),
    terminateInstances: (input) => client.send(new TerminateInstancesCommand(input)),
    modifyInstanceMetadataOptions: (input) => client.send(new ModifyInstanceMetadataOptionsCommand(input)),
  });
