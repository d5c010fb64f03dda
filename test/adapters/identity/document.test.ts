/**
 * Goal: what AWS's key signed is taken only if it is one flat, unambiguous identity document of the region.
 */
import { describe, expect, it } from '@jest/globals';
import { readDocument } from '../../../lambdas/adapters/identity/document.ts';
import { verifyIdentityDocument } from '../../../lambdas/adapters/identity/verify.ts';
import { createRegionCertificate, signContent } from '../../../local/identity/sign.ts';
import { genuine, genuineText } from './fixtures.ts';

const key = await createRegionCertificate(genuine.region);
const readText = (text: string) => readDocument(Buffer.from(text));

async function verdictOnSigned(content: Buffer): Promise<string> {
  const rsa2048 = signContent(content, key, Date.UTC(2026, 0, 1));
  const certificates = { [genuine.region]: key.certificate };
  const verdict = await verifyIdentityDocument({ rsa2048, region: genuine.region, certificates });
  return verdict.ok ? 'ok' : verdict.reason;
}

const withoutLine = (name: string) =>
  genuineText.replace(new RegExp(`\\n {2}"${name}" : [^\\n]*`), '').replace(',\n}', '\n}');
const changed = (from: string, to: string) => {
  expect(genuineText).toContain(from);
  return genuineText.replace(from, to);
};

describe('the signed content', () => {
  it('is taken when it is a document, also with a field that AWS may add or without the deprecated one', async () => {
    expect(await verdictOnSigned(Buffer.from(genuineText))).toBe('ok');
    expect(readText(changed('"version"', '"hostId" : null,\n  "version"'))?.document.region).toBe(
      'us-west-2',
    );
    expect(readText(withoutLine('devpayProductCodes'))?.document.region).toBe('us-west-2');
  });

  it('is taken with product codes', () => {
    const text = changed('"billingProducts" : null', '"billingProducts" : [ "bp-6fa54006", "bp-0124abcd" ]');
    expect(readText(text)).toMatchObject({
      raw: text,
      document: { billingProducts: ['bp-6fa54006', 'bp-0124abcd'] },
    });
  });

  it('is not mistaken for ambiguous by a colon or a quote inside a value', () => {
    const text = changed('"kernelId" : null', '"kernelId" : "a\\" : \\"b : "');
    expect(readText(text)?.document.region).toBe('us-west-2');
  });

  it.each([
    ['a field twice', () => changed('"imageId" :', '"instanceId" : "i-0000000000000000a",\n  "imageId" :')],
    [
      'a field twice, once with an escape',
      () => changed('"imageId" :', '"instance\\u0049d" : "i-0000000a",\n  "imageId" :'),
    ],
    ['another region than the key', () => genuineText.replaceAll('us-west-2', 'us-east-1')],
    ['a field of another type', () => changed('"278576220453"', '278576220453')],
    ['an instance id of another form', () => changed('i-078517ca8a70a1dde', 'i-078517ca8a70a1dde\\n')],
    ['a number for product codes', () => changed('"billingProducts" : null', '"billingProducts" : 7')],
    ['another version', () => changed('2017-09-30', '2010-08-31')],
    ['text after the object', () => `${genuineText}{}`],
    ['a byte order mark', () => `\uFEFF${genuineText}`],
    ['an array around it', () => `[${genuineText}]`],
    ['null', () => 'null'],
  ])('is refused with %s', async (_, make) => {
    expect(await verdictOnSigned(Buffer.from(make()))).toBe('identity-content');
  });

  it.each([
    'accountId',
    'region',
    'instanceId',
    'imageId',
    'pendingTime',
    'kernelId',
    'billingProducts',
    'version',
  ])('is refused without the field %s', async (name) => {
    expect(withoutLine(name)).not.toContain(name);
    expect(await verdictOnSigned(Buffer.from(withoutLine(name)))).toBe('identity-content');
  });

  it('is refused when it is not UTF-8', async () => {
    const broken = Buffer.from(changed('"kernelId" : null', '"kernelId" : "aki-1"'));
    expect(await verdictOnSigned(broken)).toBe('ok');
    broken.writeUInt8(0xff, broken.indexOf('aki-1'));
    expect(await verdictOnSigned(broken)).toBe('identity-content');
  });
});
