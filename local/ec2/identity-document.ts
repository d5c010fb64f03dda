import type { Instance } from './instance.ts';

/** Seconds only, as EC2 writes times in documents and events. */
export const isoSeconds = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

type Owner = { readonly accountId: string; readonly region: string };

/**
 * The instance identity document, byte for byte in the layout that the metadata service serves: order of the fields,
 * two blanks, a blank on both sides of the colon. Signatures cover these bytes.
 */
export function identityDocument(instance: Instance, owner: Owner): string {
  const fields: readonly (readonly [string, string | null])[] = [
    ['accountId', owner.accountId],
    ['architecture', instance.type.architecture],
    ['availabilityZone', instance.zone],
    ['billingProducts', null],
    ['devpayProductCodes', null],
    ['marketplaceProductCodes', null],
    ['imageId', instance.imageId],
    ['instanceId', instance.instanceId],
    ['instanceType', instance.type.name],
    ['kernelId', null],
    ['pendingTime', isoSeconds(instance.launchedAt)],
    ['privateIp', instance.privateIp],
    ['ramdiskId', null],
    ['region', owner.region],
    ['version', '2017-09-30'],
  ];
  const lines = fields.map(([name, value]) => `  "${name}" : ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}
