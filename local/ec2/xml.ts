/** What an answer is made of; undefined members are left out. Text, not attributes, carries everything. */
export type XmlValue =
  | string
  | number
  | boolean
  | Date
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/**
 * EC2's own element names where they are not simply the SDK's name with a small first letter. `Parent.Name` goes before
 * `Name`; the parent is the nearest named member, and the root has none.
 */
const ELEMENTS: Readonly<Record<string, string>> = {
  '.Instances': 'fleetInstanceSet',
  BlockDeviceMappings: 'blockDeviceMappingSet',
  Errors: 'errorSet',
  Groups: 'groupSet',
  Images: 'imagesSet',
  'Images.OwnerId': 'imageOwnerId',
  'Images.State': 'imageState',
  Instances: 'instancesSet',
  'Instances.State': 'instanceState',
  LaunchTemplateVersions: 'launchTemplateVersionSet',
  NetworkInterfaces: 'networkInterfaceSet',
  Reservations: 'reservationSet',
  SecurityGroupIds: 'securityGroupIdSet',
  StateTransitionReason: 'reason',
  Subnets: 'subnetSet',
  TagSpecifications: 'tagSpecificationSet',
  Tags: 'tagSet',
  TerminatingInstances: 'instancesSet',
};

/** Lists whose members are not called `item`. */
const MEMBERS: Readonly<Record<string, string>> = { Groups: 'groupId' };

/** The members of an answer as elements, lists as `<item>`s. */
export function xmlMembers(members: object, parent = ''): string {
  return Object.entries(members)
    .map(([name, value]) => {
      const element = ELEMENTS[`${parent}.${name}`] ?? ELEMENTS[name] ?? lowerFirst(name);
      return xmlElement(element, value, name);
    })
    .join('');
}

function xmlElement(element: string, value: XmlValue, name: string): string {
  if (value === undefined) return '';
  return `<${element}>${xmlContent(value, name)}</${element}>`;
}

function xmlContent(value: XmlValue, name: string): string {
  if (typeof value === 'string') return escapeXml(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value))
    return value.map((item) => xmlElement(MEMBERS[name] ?? 'item', item, name)).join('');
  return value === undefined ? '' : xmlMembers(value, name);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};

/** Characters that XML 1.0 cannot carry, not even as references, become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? character)
    .replace(UNCARRIABLE, '\uFFFD');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
const UNCARRIABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

const lowerFirst = (name: string) => name.slice(0, 1).toLowerCase() + name.slice(1);
