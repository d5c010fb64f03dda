import * as z from 'zod/mini';
import { instanceId } from '../contracts/text.ts';
import type { SeenInstance } from '../ports/instances.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import type { DescribeOutput, Ec2Calls, MetadataOptions } from './ec2-calls.ts';
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
  MetadataOptions: z.optional(
    z.object({ HttpEndpoint: z.optional(z.string()), State: z.optional(z.string()) }),
  ),
});
type Described = z.infer<typeof described>;

const seenInstance = (one: Described): SeenInstance => ({
  instanceId: one.InstanceId,
  instanceType: one.InstanceType,
  zone: one.Placement.AvailabilityZone,
  market: one.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
  state: one.State.Name,
  imageId: one.ImageId,
  launchedAt: one.LaunchTime.getTime(),
  tags: Object.fromEntries((one.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
});

/** All instances of a page, or undefined if one of them is not described as EC2 does. */
const instancesOf = ({ Reservations = [] }: DescribeOutput): Described[] | undefined =>
  z.array(described).safeParse(Reservations.flatMap(({ Instances = [] }) => Instances)).data;

/** Every instance with the tag, page by page; all of them or a fault, since absence from a part proves nothing. */
export async function describeTagged(
  ec2: Ec2Calls,
  tag: { readonly key: string; readonly value: string },
): Promise<Outcome<readonly SeenInstance[]>> {
  const seen = new Map<string, SeenInstance>();
  const Filters = [{ Name: `tag:${tag.key}`, Values: [tag.value] }];
  let NextToken: string | undefined;
  try {
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer = await ec2.describeInstances({
        Filters,
        MaxResults: PAGE_ITEMS_MAX,
        ...(NextToken !== undefined && { NextToken }),
      });
      const instances = instancesOf(answer);
      if (instances === undefined) return failed({ kind: 'refused', code: 'answer-unreadable' });
      for (const one of instances) seen.set(one.InstanceId, seenInstance(one));
      NextToken = answer.NextToken;
      if (NextToken === undefined || NextToken === '') return done([...seen.values()]);
    }
    return failed({ kind: 'refused', code: 'list-too-long' });
  } catch (error) {
    return failed(faultOf(error, 'read'));
  }
}

/** The metadata options of one instance; undefined when EC2 does not show it (yet). */
export async function describeMetadata(ec2: Ec2Calls, id: string): Promise<MetadataOptions | undefined> {
  const answer = await ec2.describeInstances({ InstanceIds: [id] });
  const found = instancesOf(answer)?.find(({ InstanceId }) => InstanceId === id);
  return found && (found.MetadataOptions ?? {});
}
