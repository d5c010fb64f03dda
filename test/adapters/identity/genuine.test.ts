/**
 * Goal: of the one document that AWS really signed, nothing but that document passes. Method: every
 * single-bit change of its octets, every other certificate, and other texts for the same octets.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { createIdentityVerifier, verifyIdentityDocument } from '../../../lambdas/adapters/identity/verify.ts';
import type { Share } from './every-bit.ts';
import { awsCertificates, genuine, verdictOn } from './fixtures.ts';

const verifyText = (rsa2048: string, region = genuine.region) =>
  verifyIdentityDocument({ rsa2048, region, certificates: awsCertificates });

async function countVerdicts(share: Share): Promise<Record<string, number>> {
  const worker = new Worker(new URL('./every-bit.ts', import.meta.url), { workerData: share, execArgv: [] });
  const [verdicts] = await once(worker, 'message');
  return verdicts;
}

describe('a document that AWS signed', () => {
  it('verifies with the certificate of its region and yields what it states', async () => {
    const verdict = await verifyText(genuine.rsa2048);
    expect(verdict).toMatchObject({
      ok: true,
      document: {
        accountId: '278576220453',
        instanceId: 'i-078517ca8a70a1dde',
        imageId: 'ami-0fa9e1f64142cde17',
        instanceType: 't2.medium',
        availabilityZone: 'us-west-2a',
        pendingTime: '2021-09-03T21:25:44Z',
        privateIp: '10.0.0.209',
        region: 'us-west-2',
      },
    });
    expect(verdict.ok && verdict.raw).toMatch(/^\{\n {2}"accountId" : "278576220453",\n/);
  });

  it('is refused after any single-bit change of its octets', async () => {
    const shares = await Promise.all([0, 1].map((first) => countVerdicts({ first, every: 2 })));
    const verdicts = new Set(shares.flatMap((share) => Object.keys(share)));
    const counted = shares.flatMap((share) => Object.values(share)).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(8_864);
    expect(verdicts).toEqual(new Set(['identity-shape', 'identity-signature', 'identity-unreadable']));
  });

  it('is refused with the certificate of any other region', async () => {
    const others = Object.keys(awsCertificates).filter((region) => region !== genuine.region);
    const verdicts = await Promise.all(others.map((region) => verifyText(genuine.rsa2048, region)));
    expect(others).toHaveLength(38);
    expect(new Set(verdicts.map((verdict) => verdict.ok || verdict.reason))).toEqual(
      new Set(['identity-signature']),
    );
  });

  it.each(['us-west-9', '', '__proto__', 'toString'])(
    'is refused for the region %p, of which no certificate is pinned',
    async (region) => {
      expect(await verifyText(genuine.rsa2048, region)).toEqual({
        ok: false,
        reason: 'identity-region-unknown',
      });
    },
  );

  it('states its contents to the claim before any signature is checked', () => {
    const verifier = createIdentityVerifier(awsCertificates);
    expect(verifier.stated(genuine.rsa2048)?.instanceId).toBe('i-078517ca8a70a1dde');
    expect(verifier.stated('bm90IGEgQ01T')).toBeUndefined();
    expect(verifier.stated('')).toBeUndefined();
  });
});

describe('the text of a document', () => {
  const line = genuine.rsa2048.replaceAll('\n', '');

  it('may be broken into lines in any way, or not at all', async () => {
    for (const text of [line, `${genuine.rsa2048}\n`, line.replace(/.{64}/g, '$&\n')]) {
      expect(await verifyText(text)).toMatchObject({ ok: true });
    }
  });

  it.each([
    ['carriage returns', genuine.rsa2048.replaceAll('\n', '\r\n')],
    ['blanks', `${line} `],
    ['no padding', line.replace(/=+$/, '')],
    ['too much padding', `${line}=`],
    ['characters of base64url', line.replaceAll('+', '-').replaceAll('/', '_')],
    ['characters that decoders skip', line.replace('MIAG', 'MI!AG')],
    ['bits beyond the last octet', line.replace(/A==$/, 'B==')],
    ['text after the padding', `${line}QUJD`],
    ['a PEM frame', `-----BEGIN PKCS7-----\n${genuine.rsa2048}\n-----END PKCS7-----`],
    ['no characters at all', ''],
    ['only line feeds', '\n\n'],
    ['more than 8 KiB', genuine.rsa2048 + '\n'.repeat(8_192)],
  ])('is unreadable with %s', async (_, text) => {
    expect(await verifyText(text)).toEqual({ ok: false, reason: 'identity-unreadable' });
  });

  it('is unreadable, without harm, when it holds nothing but nested lengths', async () => {
    const nested = Buffer.from('3080'.repeat(3_000), 'hex');
    expect(await verdictOn(nested)).toBe('identity-unreadable');
  });
});

describe('the pinned certificates', () => {
  const certificates = Object.values(awsCertificates).map((pem) => new X509Certificate(pem));

  it('are 39 RSA-2048 certificates of AWS, no key and no serial number twice', () => {
    const bits = certificates.map(({ publicKey }) => publicKey.asymmetricKeyDetails?.modulusLength);
    const keys = certificates.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }));
    expect(new Set(bits)).toEqual(new Set([2048]));
    expect(new Set(certificates.map(({ publicKey }) => publicKey.asymmetricKeyType))).toEqual(
      new Set(['rsa']),
    );
    expect(new Set(keys).size).toBe(39);
    expect(new Set(certificates.map(({ serialNumber }) => serialNumber)).size).toBe(39);
    expect(new Set(certificates.map(({ issuer }) => issuer)).size).toBe(1);
  });
});
