import { createHash, KeyObject, sign, webcrypto, X509Certificate } from 'node:crypto';
import { Integer } from 'asn1js';
import { Certificate, RelativeDistinguishedNames, Time } from 'pkijs';
import { readCertificate } from '../../lambdas/adapters/identity/certificate.ts';
import { definite, objectId, TAG } from '../../lambdas/adapters/identity/der.ts';
import type { IdentityContent } from '../../lambdas/adapters/identity/document.ts';
import { encodeEnvelope, signedAttributes } from '../../lambdas/adapters/identity/envelope.ts';
import type { IdentityDocument } from '../../lambdas/contracts/claim.ts';

/**
 * What EC2 holds of one region in the simulation: the key that signs, and the certificate to pin in its
 * place.
 */
export interface RegionKey {
  readonly region: string;
  /** PEM, as the claim wants it: `{ [region]: certificate }`. */
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

/** What a simulated instance states of itself; the rest is null, as on an instance of a plain image. */
export type StatedIdentity = Omit<IdentityDocument, 'version'> & Partial<IdentityContent>;

const PRINTABLE_STRING = 0x13;
const namePart = (type: string, value: string): Buffer =>
  definite(TAG.set, definite(TAG.sequence, objectId(type), definite(PRINTABLE_STRING, Buffer.from(value))));

/**
 * AWS's own Name, the same in all 39 regional certificates. Written by hand: pkijs would put all parts into
 * one set.
 */
const NAME = definite(
  TAG.sequence,
  namePart('2.5.4.6', 'US'),
  namePart('2.5.4.8', 'Washington State'),
  namePart('2.5.4.7', 'Seattle'),
  namePart('2.5.4.10', 'Amazon Web Services LLC'),
);
/** As in AWS's certificates, about 180 years: nothing in the simulation depends on the date. */
const VALID_FROM = Date.UTC(2015, 7, 14);
const VALID_TO = Date.UTC(2195, 0, 17);

/** In AWS's order. */
const FIELDS = [
  'accountId',
  'architecture',
  'availabilityZone',
  'billingProducts',
  'devpayProductCodes',
  'marketplaceProductCodes',
  'imageId',
  'instanceId',
  'instanceType',
  'kernelId',
  'pendingTime',
  'privateIp',
  'ramdiskId',
  'region',
  'version',
] as const;

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** Base64 columns of the metadata service. */
const LINE_CHARS = 76;

/**
 * A fresh RSA-2048 key with a self-signed certificate in the form of AWS's. All but the key follows from the
 * region.
 */
export async function createRegionCertificate(region: string): Promise<RegionKey> {
  const keys = await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const certificate = new Certificate({ version: 2, serialNumber: serialOf(region) });
  certificate.subject = RelativeDistinguishedNames.fromBER(NAME);
  certificate.issuer = RelativeDistinguishedNames.fromBER(NAME);
  certificate.notBefore = new Time({ type: 0, value: new Date(VALID_FROM) });
  certificate.notAfter = new Time({ type: 1, value: new Date(VALID_TO) });
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, RSA.hash);
  return { region, certificate: pemOf(certificate), privateKey: KeyObject.from(keys.privateKey) };
}

/**
 * What the metadata service answers at `dynamic/instance-identity/rsa2048`. `signedAt` in epoch milliseconds.
 */
export function signIdentityDocument(document: StatedIdentity, key: RegionKey, signedAt: number): string {
  return signContent(Buffer.from(formatDocument(document)), key, signedAt);
}

/**
 * Any content in AWS's envelope: no document comes of it, but a test may ask what the envelope alone is
 * worth.
 */
export function signContent(content: Uint8Array, key: RegionKey, signedAt: number): string {
  const digest = createHash('sha256').update(content).digest();
  const stated = { content, digest, signingTime: Buffer.from(utcTime(signedAt)) };
  const signature = sign('sha256', signedAttributes(stated), key.privateKey);
  const envelope = encodeEnvelope({ ...stated, signature }, readCertificate(key.certificate));
  const lines = envelope.toString('base64').match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return lines.join('\n');
}

/**
 * The document's text as AWS writes it: two spaces before each field, a space on both sides of each colon.
 */
export function formatDocument(document: StatedIdentity): string {
  const stated: Partial<IdentityContent> = { version: '2017-09-30', ...document };
  const lines = FIELDS.map((name) => `  "${name}" : ${formatValue(stated[name] ?? null)}`);
  return `{\n${lines.join(',\n')}\n}`;
}

/** Lists stand on one line, such as `[ "bp-6fa54006" ]`. */
const formatValue = (value: string | string[] | null): string =>
  Array.isArray(value)
    ? `[ ${value.map((item) => JSON.stringify(item)).join(', ')} ]`
    : JSON.stringify(value);

/** `2021-09-03T21:25:47.000Z` becomes `210903212547Z`. */
const utcTime = (at: number): string => `${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;

/** Eight octets with the high bit set, as all of AWS's serial numbers have it, so that lengths agree too. */
function serialOf(region: string): Integer {
  const [first = 0, ...rest] = createHash('sha256').update(`simulated ${region}`).digest().subarray(0, 8);
  return new Integer({ valueHex: new Uint8Array([0, first | 0x80, ...rest]) });
}

const pemOf = (certificate: Certificate): string =>
  new X509Certificate(Buffer.from(certificate.toSchema(true).toBER())).toString();
