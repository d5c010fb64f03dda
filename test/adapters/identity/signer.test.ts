/** Goal: the simulation signs documents that only AWS's own key could tell from AWS's. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type BaseBlock, fromBER } from 'asn1js';
import fc from 'fast-check';
import { readDocument } from '../../../lambdas/adapters/identity/document.ts';
import { createIdentityVerifier, verifyIdentityDocument } from '../../../lambdas/adapters/identity/verify.ts';
import {
  createRegionCertificate,
  formatDocument,
  signContent,
  signIdentityDocument,
} from '../../../local/identity/sign.ts';
import { awsCertificates, genuine, genuineParts, genuineText } from './fixtures.ts';

const key = await createRegionCertificate(genuine.region);
const certificates = { [genuine.region]: key.certificate };
const SIGNED_AT = Date.UTC(2021, 8, 3, 21, 25, 47);

const read = readDocument(genuineParts.content);
if (read === undefined) throw new Error('the sample holds no document');
const stated = read.document;

const verifyOurs = (rsa2048: string) =>
  verifyIdentityDocument({ rsa2048, region: genuine.region, certificates });

/** Tag, form and length of every element, in order. */
function skeleton(block: BaseBlock): string[] {
  const { idBlock, lenBlock, valueBlock } = block;
  const length = lenBlock.isIndefiniteForm ? 'indefinite' : lenBlock.length;
  const inner: unknown = 'value' in valueBlock ? valueBlock.value : undefined;
  const children: BaseBlock[] = idBlock.isConstructed && Array.isArray(inner) ? inner : [];
  return [`${idBlock.tagClass}:${idBlock.tagNumber}:${length}`, ...children.flatMap(skeleton)];
}
const skeletonOf = (rsa2048: string) => skeleton(fromBER(Buffer.from(rsa2048, 'base64')).result);

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const codes = fc.option(
  fc.array(
    hex(8).map((text) => `bp-${text}`),
    { maxLength: 60 },
  ),
);
const document = fc.record({
  accountId: fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 12, maxLength: 12 }),
  architecture: fc.constantFrom('x86_64' as const, 'arm64' as const),
  availabilityZone: fc.constantFrom('us-west-2a', 'us-west-2-lax-1b'),
  billingProducts: codes,
  marketplaceProductCodes: codes,
  imageId: fc.oneof(hex(8), hex(17)).map((text) => `ami-${text}`),
  instanceId: fc.oneof(hex(8), hex(17)).map((text) => `i-${text}`),
  instanceType: fc.constantFrom('m7g.large', 'c7i-flex.8xlarge', 'u-6tb1.metal'),
  pendingTime: fc
    .nat(2_000_000_000)
    .map((second) => `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`),
  privateIp: fc.ipV4(),
  region: fc.constant(genuine.region),
});

describe('a document of the simulation', () => {
  it('verifies with the certificate of its key, whatever lengths its fields have', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(4_000_000), async (fields, minutes) => {
        const rsa2048 = signIdentityDocument(fields, key, minutes * 60_000);
        const verdict = await verifyOurs(rsa2048);
        expect(verdict).toMatchObject({ ok: true, document: fields, raw: formatDocument(fields) });
        expect(createIdentityVerifier(certificates).stated(rsa2048)).toEqual(verdict.ok && verdict.document);
      }),
      { numRuns: 60 },
    );
  });

  it('does not verify with the certificate of AWS, nor the genuine one with its certificate', async () => {
    const rsa2048 = signIdentityDocument(stated, key, SIGNED_AT);
    const refused = { ok: false, reason: 'identity-signature' };
    const question = { rsa2048, region: genuine.region, certificates: awsCertificates };
    expect(await verifyIdentityDocument(question)).toEqual(refused);
    expect(await verifyOurs(genuine.rsa2048)).toEqual(refused);
  });

  it('has the text, the structure and the lines of the genuine one', () => {
    const rsa2048 = signIdentityDocument(stated, key, SIGNED_AT);
    expect(formatDocument(stated)).toBe(genuineText);
    expect(skeletonOf(rsa2048)).toEqual(skeletonOf(genuine.rsa2048));
    expect(skeletonOf(rsa2048).length).toBeGreaterThan(50);
    expect(rsa2048.split('\n').map(({ length }) => length)).toEqual(
      genuine.rsa2048.split('\n').map(({ length }) => length),
    );
  });

  it('names the hour of signing as UTC', () => {
    const octets = Buffer.from(signIdentityDocument(stated, key, SIGNED_AT), 'base64');
    expect(octets.includes('210903212547Z')).toBe(true);
  });
});

describe('any content in the envelope', () => {
  it.each([1, 127, 128, 255, 256, 999, 1_000, 1_001, 2_000, 2_500])(
    'of %p octets passes shape and signature and fails only as content',
    async (length) => {
      const rsa2048 = signContent(Buffer.alloc(length, 'x'), key, SIGNED_AT);
      expect(await verifyOurs(rsa2048)).toEqual({ ok: false, reason: 'identity-content' });
    },
  );

  it('is cut after each 1,000 octets', () => {
    const segments = skeletonOf(signContent(Buffer.alloc(2_500, 'x'), key, SIGNED_AT)).slice(12, 16);
    expect(segments).toEqual(['1:4:indefinite', '1:4:1000', '1:4:1000', '1:4:500']);
  });
});

describe('the certificate of a simulated region', () => {
  it('differs from that of AWS only in key, serial number and days', () => {
    const ours = new X509Certificate(key.certificate);
    const theirs = new X509Certificate(awsCertificates[genuine.region] ?? '');
    expect(ours.issuer).toBe(theirs.issuer);
    expect(ours.subject).toBe(theirs.subject);
    expect(ours.serialNumber).toHaveLength(theirs.serialNumber.length);
    expect(ours.publicKey.asymmetricKeyDetails).toEqual(theirs.publicKey.asymmetricKeyDetails);
    expect(ours.verify(ours.publicKey)).toBe(true);
  });

  it('has a serial number that follows from the region', async () => {
    const [same, other] = await Promise.all(['us-west-2', 'eu-north-1'].map(createRegionCertificate));
    const serial = (pem = '') => new X509Certificate(pem).serialNumber;
    expect(serial(same?.certificate)).toBe(serial(key.certificate));
    expect(serial(other?.certificate)).not.toBe(serial(key.certificate));
  });
});
