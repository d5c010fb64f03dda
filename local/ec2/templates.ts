import { hexOf } from './draws.ts';
import { answered, type Ec2Answer, ec2Error, refused } from './errors.ts';
import { type LaunchTemplateData, readTemplateData } from './template-data.ts';

export type TemplateVersion = {
  readonly number: number;
  readonly createdAt: number;
  readonly data: LaunchTemplateData;
  /** Decoded once, as every instance of this version is given it. */
  readonly userData: string;
};

export type Template = {
  readonly templateId: string;
  readonly name: string;
  readonly createdAt: number;
  readonly clientToken: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
  /** Never empty. */
  readonly versions: TemplateVersion[];
};

/** How a request names a template: by id or by name, and a version by number, `$Latest` or `$Default`. */
export type TemplateSpecification = {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
  readonly Version?: string | undefined;
};

export type Templates = {
  /** A new template with its first version. The same client token again is the same template. */
  create(seed: TemplateSeed, now: number): Ec2Answer<Template>;
  /** A further version; the default stays the first. */
  addVersion(template: Template, data: unknown, now: number): Ec2Answer<TemplateVersion>;
  delete(template: Template): void;
  find(specification: TemplateSpecification): Ec2Answer<Template>;
  findVersion(template: Template, version: string | undefined): Ec2Answer<TemplateVersion>;
};

export type TemplateSeed = {
  readonly name: string;
  /** In the shape of CloudFormation's `LaunchTemplateData`, intrinsics resolved. */
  readonly data: unknown;
  readonly clientToken?: string | undefined;
  readonly tags?: ReadonlyMap<string, string>;
};

export const DEFAULT_VERSION = 1;

export function createTemplates(): Templates {
  const byId = new Map<string, Template>();
  const byName = new Map<string, Template>();
  let created = 0;
  return {
    create: ({ name, data, clientToken, tags = new Map() }, now) => {
      const known = byName.get(name);
      if (known !== undefined) {
        return clientToken !== undefined && known.clientToken === clientToken
          ? answered(known)
          : refused(nameTaken());
      }
      const version = versionOf(1, data, now);
      if (!version.ok) return version;
      const templateId = `lt-0${hexOf(`lt/${name}/${created++}`, 16)}`;
      const template = { templateId, name, createdAt: now, clientToken, tags, versions: [version.value] };
      byId.set(templateId, template);
      byName.set(name, template);
      return answered(template);
    },
    addVersion: (template, data, now) => {
      const version = versionOf(template.versions.length + 1, data, now);
      if (version.ok) template.versions.push(version.value);
      return version;
    },
    delete: ({ templateId, name }) => {
      byId.delete(templateId);
      byName.delete(name);
    },
    find: ({ LaunchTemplateId: id, LaunchTemplateName: name }) => {
      if ((id === undefined) === (name === undefined)) return refused(idOrName());
      const template = id === undefined ? byName.get(name ?? '') : byId.get(id);
      return template === undefined ? refused(notFound(id, name)) : answered(template);
    },
    findVersion: (template, version) => {
      const number = version === '$Latest' ? template.versions.length : numberOf(version);
      const found = template.versions[number - 1];
      return found === undefined ? refused(noVersion(template, version)) : answered(found);
    },
  };
}

function versionOf(number: number, data: unknown, createdAt: number): Ec2Answer<TemplateVersion> {
  const read = readTemplateData(data);
  if (!read.ok) return read;
  const userData = Buffer.from(read.value.UserData ?? '', 'base64').toString('utf8');
  return answered({ number, createdAt, data: read.value, userData });
}

const nameTaken = () =>
  ec2Error('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');

const numberOf = (version: string | undefined): number =>
  version === undefined || version === '$Default' ? DEFAULT_VERSION : Number(version);

const idOrName = () =>
  ec2Error('InvalidParameterCombination', 'want a launch template id or a launch template name, not both');

const notFound = (id: string | undefined, name: string | undefined) =>
  id === undefined
    ? ec2Error(
        'InvalidLaunchTemplateName.NotFoundException',
        `The specified launch template, with template name ${name}, does not exist.`,
      )
    : ec2Error(
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${id}, does not exist.`,
      );

const noVersion = (template: Template, version: string | undefined) =>
  ec2Error(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version} for the launch template with ID ${template.templateId}.`,
  );
