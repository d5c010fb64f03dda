import { DescribeInstancesCommand, type EC2Client, type Instance } from '@aws-sdk/client-ec2';
import * as z from 'zod/mini';
import { instanceId } from '../contracts/text.ts';
import type { SeenInstance } from '../ports/instances.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import { faultOf } from './faults.ts';

/** EC2's largest page. */
const PAGE_ITEMS_MAX = 1_000;
/** A Region holds at most 100,000 fleet instances (aws.md §2.2); a longer list is not ours to judge. */
const PAGES_MAX = 100;

const described = z.object({
  InstanceId: instanceId,
  InstanceType: z.string(),
  InstanceLifecycle: z.optional(z.string()),
  ImageId: z.string(),
  LaunchTime: z.date(),
  Placement: z.object({ AvailabilityZone: z.string() }),
  State: z.object({
    Name: z.enum(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
  }),
  Tags: z.optional(z.array(z.object({ Key: z.string(), Value: z.string() }))),
});

function seenInstance(instance: Instance): SeenInstance | undefined {
  const { data } = described.safeParse(instance);
  if (data === undefined) return undefined;
  return {
    instanceId: data.InstanceId,
    instanceType: data.InstanceType,
    zone: data.Placement.AvailabilityZone,
    market: data.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
    state: data.State.Name,
    imageId: data.ImageId,
    launchedAt: data.LaunchTime.getTime(),
    tags: Object.fromEntries((data.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
  };
}

/** Every instance with the tag, page by page; all of them or a fault, since absence from a part proves nothing. */
export async function describeTagged(
  client: EC2Client,
  tag: { readonly key: string; readonly value: string },
): Promise<Outcome<readonly SeenInstance[]>> {
  const seen = new Map<string, SeenInstance>();
  let NextToken: string | undefined;
  try {
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer = await client.send(
        new DescribeInstancesCommand({
          Filters: [{ Name: `tag:${tag.key}`, Values: [tag.value] }],
          MaxResults: PAGE_ITEMS_MAX,
          ...(NextToken !== undefined && { NextToken }),
        }),
      );
      for (const instance of (answer.Reservations ?? []).flatMap(({ Instances = [] }) => Instances)) {
        const one = seenInstance(instance);
        if (one === undefined) return failed({ kind: 'refused', code: 'answer-unreadable' });
        seen.set(one.instanceId, one);
      }
      NextToken = answer.NextToken;
      if (NextToken === undefined || NextToken === '') return done([...seen.values()]);
    }
    return failed({ kind: 'refused', code: 'list-too-long' });
  } catch (error) {
    return failed(faultOf(error, 'read'));
  }
}

/** One instance by its id; undefined when EC2 does not know it (yet). */
export async function describeOne(client: EC2Client, id: string): Promise<Instance | undefined> {
  const answer = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return answer.Reservations?.flatMap(({ Instances = [] }) => Instances).find(
    ({ InstanceId }) => InstanceId === id,
  );
}
