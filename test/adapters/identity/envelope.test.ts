/**
 * Goal: a genuine signature in any envelope but AWS's own is refused by its own reason. Method: envelopes
 * that a CMS library calls verified (and here does so first), and envelopes that never were genuine.
 */
import { sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Certificate, ContentInfo, SignedData } from 'pkijs';
import { readCertificate } from '../../../lambdas/adapters/identity/certificate.ts';
import { definite, elementsFrom, indefinite, objectId, TAG } from '../../../lambdas/adapters/identity/der.ts';
import { encodeEnvelope, signedAttributes } from '../../../lambdas/adapters/identity/envelope.ts';
import { createRegionCertificate } from '../../../local/identity/sign.ts';
import {
  awsCertificates,
  cutAtSigners,
  genuine,
  genuineParts,
  genuineText,
  rewrite,
  verdictOn,
} from './fixtures.ts';

const ours = await createRegionCertificate(genuine.region);
const ourCertificate = readCertificate(ours.certificate);
const aws = readCertificate(awsCertificates[genuine.region] ?? '');

/** What pkijs says, given only the region's certificate. */
async function libraryVerifies(bytes: Uint8Array, certificateDer = aws.der): Promise<boolean> {
  const cms = new SignedData({ schema: ContentInfo.fromBER(bytes).content });
  cms.certificates = [Certificate.fromBER(certificateDer)];
  return cms.verify({ signer: 0 });
}

/** A signer of ours over the genuine content, in the exact form of a signer. */
function ourSigner(): Uint8Array {
  const signature = sign('sha256', signedAttributes(genuineParts), ours.privateKey);
  const envelope = encodeEnvelope({ ...genuineParts, signature }, ourCertificate);
  const [signers] = elementsFrom(envelope, cutAtSigners().head.length);
  return signers?.contents ?? envelope;
}

const { head, signers, tail } = cutAtSigners();
const genuineSigner = signers.subarray(4);
const certificateSet = definite(TAG.context0, aws.der);

/** Envelopes around the genuine content and signature, none of which AWS emitted. */
const reshaped: readonly (readonly [string, () => Uint8Array])[] = [
  ['octets after its end', () => Buffer.concat([genuine.bytes, Buffer.from([0])])],
  ['a second document after its end', () => Buffer.concat([genuine.bytes, genuine.bytes])],
  ['definite lengths throughout, as DER has them', reencodedAsDer],
  ['a second signer', () => Buffer.concat([head, definite(TAG.set, genuineSigner, ourSigner()), tail])],
  [
    'the same signer twice',
    () => Buffer.concat([head, definite(TAG.set, genuineSigner, genuineSigner), tail]),
  ],
  ['an embedded certificate', () => Buffer.concat([head, certificateSet, signers, tail])],
  ['the content cut into two segments', inTwoSegments],
  ['an unsigned attribute', withUnsignedAttribute],
];

function reencodedAsDer(): Uint8Array {
  const content = definite(TAG.context0, definite(TAG.octetString, genuineParts.content));
  const digests = definite(
    TAG.set,
    definite(TAG.sequence, objectId('2.16.840.1.101.3.4.2.1'), definite(TAG.null)),
  );
  const inner = definite(TAG.sequence, objectId('1.2.840.113549.1.7.1'), content);
  const version = definite(TAG.integer, Buffer.from([1]));
  const signedData = definite(TAG.context0, definite(TAG.sequence, version, digests, inner, signers));
  return definite(TAG.sequence, objectId('1.2.840.113549.1.7.2'), signedData);
}

function inTwoSegments(): Uint8Array {
  const cut = [genuineParts.content.subarray(0, 200), genuineParts.content.subarray(200)];
  const octets = indefinite(TAG.octetStrings, ...cut.map((part) => definite(TAG.octetString, part)));
  return Buffer.concat([genuine.bytes.subarray(0, 52), octets, Buffer.alloc(4), signers, tail]);
}

function withUnsignedAttribute(): Uint8Array {
  const note = definite(TAG.sequence, objectId('1.2.3.4'), definite(TAG.set, definite(TAG.null)));
  const [signer] = elementsFrom(genuineSigner, 0);
  const longer = definite(TAG.sequence, signer?.contents ?? genuineSigner, definite(TAG.context1, note));
  return Buffer.concat([head, definite(TAG.set, longer), tail]);
}

describe('a genuine signature in a changed envelope', () => {
  it.each(reshaped)(
    'is refused for its shape with %s, although a library calls it verified',
    async (_, make) => {
      expect(await libraryVerifies(make())).toBe(true);
      expect(await verdictOn(make())).toBe('identity-shape');
    },
  );

  it('is refused for its shape in the form AWS used until 2020, without algorithm protection', async () => {
    const attributes = elementsFrom(signedAttributes(genuineParts), 3).map(({ whole }) => whole);
    const three = [attributes[0], attributes[1], attributes[3]].filter((one) => one !== undefined);
    const rsa = definite(TAG.sequence, objectId('1.2.840.113549.1.1.1'), definite(TAG.null));
    const signature = sign('sha256', definite(TAG.set, ...three), ours.privateKey);
    const [signer] = elementsFrom(ourSigner(), 0);
    const [version, sid, digestAlgorithm] = elementsFrom(signer?.contents ?? head, 0).map(
      ({ whole }) => whole,
    );
    const start = [version, sid, digestAlgorithm].filter((one) => one !== undefined);
    const old = definite(
      TAG.sequence,
      ...start,
      definite(TAG.context0, ...three),
      rsa,
      definite(TAG.octetString, signature),
    );
    const bytes = Buffer.concat([head, definite(TAG.set, old), tail]);
    expect(await libraryVerifies(bytes, ourCertificate.der)).toBe(true);
    expect(await verdictOn(bytes, { [genuine.region]: ours.certificate })).toBe('identity-shape');
  });
});

describe('an envelope in the exact shape', () => {
  const swapped = Buffer.from(genuineText.replace('i-078517ca8a70a1dde', 'i-078517ca8a70a1ddf'));

  it('equals the genuine one when it is written from the genuine parts', () => {
    expect(rewrite({}).equals(genuine.bytes)).toBe(true);
  });

  it('is refused with another content under the genuine signature', async () => {
    expect(await verdictOn(rewrite({ content: swapped }))).toBe('identity-signature');
    expect(await verdictOn(rewrite({ content: Buffer.from(`${genuineText} `) }))).toBe('identity-signature');
    expect(await verdictOn(rewrite({ content: Buffer.alloc(0) }))).toBe('identity-signature');
  });

  it('is refused with another content and its own digest under the genuine signature', async () => {
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', swapped));
    expect(await verdictOn(rewrite({ content: swapped, digest }))).toBe('identity-signature');
  });

  it('is refused with a signature of another key, whatever its length', async () => {
    const signature = sign('sha256', signedAttributes(genuineParts), ours.privateKey);
    expect(await verdictOn(rewrite({ signature }))).toBe('identity-signature');
    expect(await verdictOn(rewrite({ signature: signature.subarray(0, 255) }))).toBe('identity-signature');
    expect(await verdictOn(rewrite({ signature: Buffer.alloc(0) }))).not.toBe('ok');
  });

  it('is refused when the signer alone was replaced by one of another certificate', async () => {
    const bytes = Buffer.concat([head, definite(TAG.set, ourSigner()), tail]);
    expect(await verdictOn(bytes)).toBe('identity-signature');
  });

  it('is refused when cut short at any octet', async () => {
    for (let length = 1; length < genuine.bytes.length; length += 37) {
      expect(await verdictOn(genuine.bytes.subarray(0, length))).not.toBe('ok');
    }
  });
});
