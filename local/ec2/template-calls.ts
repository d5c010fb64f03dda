import { tagList } from './described.ts';
import { answered, type Ec2Answer, invalid, missing, refused } from './errors.ts';
import type { TagSpecification } from './fleet-types.ts';
import { tagProblem } from './tags.ts';
import { DEFAULT_VERSION, type Template, type TemplateSpecification } from './templates.ts';
import { type Call, call, type World } from './world.ts';

export type CreateLaunchTemplateInput = {
  readonly LaunchTemplateName?: string | undefined;
  /** Checked name by name; what is not modelled is refused. */
  readonly LaunchTemplateData?: unknown;
  readonly TagSpecifications?: readonly TagSpecification[] | undefined;
  readonly VersionDescription?: string | undefined;
  readonly ClientToken?: string | undefined;
  readonly DryRun?: boolean | undefined;
};

type OfTemplate = Omit<TemplateSpecification, 'Version'> & { readonly DryRun?: boolean | undefined };
export type DeleteLaunchTemplateInput = OfTemplate;
export type DescribeLaunchTemplateVersionsInput = OfTemplate & {
  readonly Versions?: readonly string[] | undefined;
};
/** A repeated client token makes another version: no caller of ours repeats one. */
export type CreateLaunchTemplateVersionInput = OfTemplate &
  Pick<CreateLaunchTemplateInput, 'LaunchTemplateData' | 'VersionDescription' | 'ClientToken'>;

export type LaunchTemplateResult = { readonly LaunchTemplate: ReturnType<typeof shown> };

export function createLaunchTemplate(
  world: World,
  input: CreateLaunchTemplateInput,
  at: number,
): Ec2Answer<LaunchTemplateResult> {
  const door: Call = { action: 'CreateLaunchTemplate', now: at, dryRun: input.DryRun };
  return call(world, door, (now) => {
    const { LaunchTemplateName: name, LaunchTemplateData: data, ClientToken: clientToken } = input;
    if (name === undefined) return refused(missing('LaunchTemplateName'));
    if (data === undefined) return refused(missing('LaunchTemplateData'));
    const tags = [];
    for (const { ResourceType: type, Tags = [] } of input.TagSpecifications ?? []) {
      if (type !== 'launch-template')
        return refused(invalid(`TagSpecification: want launch-template, got ${type}`));
      tags.push(...Tags);
    }
    const problem = tagProblem(tags);
    if (problem !== undefined) return refused(problem);
    const carried = new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
    const template = world.templates.create({ name, data, clientToken, tags: carried }, now);
    return template.ok ? answered({ LaunchTemplate: shown(template.value) }) : template;
  });
}

export function createLaunchTemplateVersion(
  world: World,
  input: CreateLaunchTemplateVersionInput,
  at: number,
): Ec2Answer<{ readonly LaunchTemplateVersion: object }> {
  const door: Call = { action: 'CreateLaunchTemplateVersion', now: at, dryRun: input.DryRun };
  return call(world, door, (now) => {
    const template = world.templates.find(input);
    if (!template.ok) return template;
    if (input.LaunchTemplateData === undefined) return refused(missing('LaunchTemplateData'));
    const version = world.templates.addVersion(template.value, input.LaunchTemplateData, now);
    if (!version.ok) return version;
    return answered({ LaunchTemplateVersion: shownVersion(template.value, version.value) });
  });
}

export function deleteLaunchTemplate(
  world: World,
  input: DeleteLaunchTemplateInput,
  now: number,
): Ec2Answer<LaunchTemplateResult> {
  const door: Call = { action: 'DeleteLaunchTemplate', now, dryRun: input.DryRun };
  return call(world, door, () => {
    const template = world.templates.find(input);
    if (!template.ok) return template;
    world.templates.delete(template.value);
    return answered({ LaunchTemplate: shown(template.value) });
  });
}

/** Named versions, or all. */
export function describeLaunchTemplateVersions(
  world: World,
  input: DescribeLaunchTemplateVersionsInput,
  now: number,
): Ec2Answer<{ readonly LaunchTemplateVersions: readonly object[] }> {
  const door: Call = { action: 'DescribeLaunchTemplateVersions', now, dryRun: input.DryRun };
  return call(world, door, () => {
    const template = world.templates.find(input);
    if (!template.ok) return template;
    const { versions } = template.value;
    const described = [];
    for (const asked of input.Versions ?? versions.map(({ number }) => String(number))) {
      const version = world.templates.findVersion(template.value, asked);
      if (!version.ok) return version;
      described.push(shownVersion(template.value, version.value));
    }
    return answered({ LaunchTemplateVersions: described });
  });
}

const shown = (template: Template) => ({
  LaunchTemplateId: template.templateId,
  LaunchTemplateName: template.name,
  CreateTime: new Date(template.createdAt),
  DefaultVersionNumber: DEFAULT_VERSION,
  LatestVersionNumber: template.versions.length,
  Tags: tagList(template.tags),
});

const shownVersion = (template: Template, version: Template['versions'][number]) => ({
  LaunchTemplateId: template.templateId,
  LaunchTemplateName: template.name,
  VersionNumber: version.number,
  CreateTime: new Date(version.createdAt),
  DefaultVersion: version.number === DEFAULT_VERSION,
  LaunchTemplateData: version.data,
});
