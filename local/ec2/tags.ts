import { answered, type Ec2Answer, type Ec2Error, ec2Error, invalid, missing, refused } from './errors.ts';
import type { Tag } from './fleet-types.ts';
import { type Call, call, seen, setTag, type World } from './world.ts';

/** EC2's limits for user tags. */
const TAGS_MAX = 50;
const KEY_MAX = 128;
const VALUE_MAX = 256;
/** Resources of one CreateTags call. */
const RESOURCES_MAX = 1000;

export type CreateTagsInput = {
  readonly Resources?: readonly string[] | undefined;
  readonly Tags?: readonly Tag[] | undefined;
  readonly DryRun?: boolean | undefined;
};

/** A thing that can be tagged: what it carries, and how a tag is put on. */
type Tagged = {
  readonly tags: ReadonlyMap<string, string>;
  readonly set: (key: string, value: string) => void;
};

/** All or nothing: one unknown resource, and none is tagged. */
export function createTags(world: World, input: CreateTagsInput, now: number): Ec2Answer<object> {
  const door: Call = { action: 'CreateTags', now, dryRun: input.DryRun };
  return call(world, door, () => {
    const { Resources: ids = [], Tags: tags = [] } = input;
    if (ids.length === 0) return refused(missing('resourceIdSet'));
    if (ids.length > RESOURCES_MAX)
      return refused(invalid(`want ${RESOURCES_MAX} resources at most, got ${ids.length}`));
    if (tags.length === 0) return refused(missing('Tag'));
    const problem = tagProblem(tags);
    if (problem !== undefined) return refused(problem);
    const found = ids.map((id) => taggedOf(world, id));
    for (const one of found) {
      if (!one.ok) return one;
      const after = new Set([...userKeys(one.value.tags), ...tags.map((tag) => tag.Key ?? '')]);
      if (after.size > TAGS_MAX)
        return refused(ec2Error('TagLimitExceeded', `want ${TAGS_MAX} tags at most, got ${after.size}`));
    }
    for (const one of found) {
      if (one.ok) for (const tag of tags) one.value.set(tag.Key ?? '', tag.Value ?? '');
    }
    return answered({ Return: true });
  });
}

/** Why these tags cannot be set, if they cannot. */
export function tagProblem(tags: readonly Tag[]): Ec2Error | undefined {
  if (tags.length > TAGS_MAX)
    return ec2Error('TagLimitExceeded', `want ${TAGS_MAX} tags at most, got ${tags.length}`);
  for (const { Key: key = '', Value: value = '' } of tags) {
    if (key === '') return invalid('Tag key cannot be null or empty.');
    if (key.length > KEY_MAX) return invalid(`Tag key exceeds the maximum length of ${KEY_MAX} characters`);
    if (value.length > VALUE_MAX)
      return invalid(`Tag value exceeds the maximum length of ${VALUE_MAX} characters`);
    if (/^aws:/i.test(key))
      return invalid(`Tag keys starting with 'aws:' are reserved for internal use: ${key}`);
  }
  const keys = new Set(tags.map((tag) => tag.Key));
  return keys.size === tags.length ? undefined : invalid('Duplicate tag keys found.');
}

const userKeys = (tags: ReadonlyMap<string, string>) =>
  [...tags.keys()].filter((key) => !key.startsWith('aws:'));

function taggedOf(world: World, id: string): Ec2Answer<Tagged> {
  if (id.startsWith('i-')) {
    const instance = seen(world, id);
    if (instance === undefined) return refused(noInstances([id]));
    const set = (key: string, value: string) => setTag(world, instance, key, value);
    return answered({ tags: instance.tags, set });
  }
  if (id.startsWith('ami-')) {
    const image = world.images.get(id);
    if (image === undefined)
      return refused(ec2Error('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`));
    return answered({ tags: image.tags, set: (key, value) => void image.tags.set(key, value) });
  }
  return refused(ec2Error('InvalidID', `The local EC2 tags instances and images; got ID '${id}'`));
}

/** The wording for one id and for several differs; SDK users do match on it. */
export const noInstances = (ids: readonly string[]): Ec2Error =>
  ec2Error(
    'InvalidInstanceID.NotFound',
    ids.length === 1
      ? `The instance ID '${ids[0]}' does not exist`
      : `The instance IDs '${ids.join(', ')}' do not exist`,
  );

const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

export const malformed = (ids: readonly string[]): Ec2Error | undefined => {
  const bad = ids.find((id) => !INSTANCE_ID.test(id));
  return bad === undefined ? undefined : ec2Error('InvalidInstanceID.Malformed', `Invalid id: "${bad}"`);
};
