import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { certificatesOf, refreshed } from '../../lib/certificates.ts';
import { awsCertificates } from '../adapters/identity/fixtures.ts';

/** A page in the form in which AWS publishes it: three tabs per region, only the last of which is ours. */
const pageOf = (certificates: Readonly<Record<string, string>>, tab = 'RSA-2048'): string =>
  [
    '# AWS public certificates for instance identity document signatures',
    '**Expand each Region below.**',
    ...Object.entries(certificates).flatMap(([region, pem]) => [
      `## US East (Anywhere) — ${region}`,
      `<a name="${region}-cert"></a>`,
      '------',
      ...['#### [ DSA ]', '', '```', pem.replaceAll('M', 'N').trimEnd(), '```', ''],
      ...['#### [ RSA ]', '', '```', pem.replaceAll('A', 'B').trimEnd(), '```', ''],
      ...[`#### [ ${tab} ]`, '', '```', pem.trimEnd(), '```', '', '------'],
    ]),
  ].join('\n');

const [first = '', second = ''] = Object.keys(awsCertificates);
const pick = (...regions: string[]) =>
  Object.fromEntries(regions.map((region) => [region, awsCertificates[region] ?? '']));

describe('the page of certificates', () => {
  it('gives back the pinned set, whichever regions it names', () => {
    fc.assert(
      fc.property(fc.subarray(Object.keys(awsCertificates), { minLength: 1 }), (regions) => {
        const read = certificatesOf(pageOf(pick(...regions)));
        expect(Object.keys(read)).toEqual(regions);
        expect(refreshed(pick(...regions), read)).toMatchObject({ added: [], replaced: [], unseen: [] });
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['without a section', 'nothing of ours', /want a section per region/],
    ['without our tab', pageOf(pick(first), 'ECDSA'), /want a certificate under "RSA-2048", got none/],
    ['with a region twice', pageOf(pick(first)) + pageOf(pick(first)), /want one section, got two/],
    ['with a broken certificate', pageOf(pick(first)).replaceAll('MIID', 'AAAA'), /./],
  ])('%s is refused whole', (_what, page, wanted) => {
    expect(() => certificatesOf(page)).toThrow(wanted);
  });
});

describe('a refresh', () => {
  it('adds, replaces, and never drops a region that a page forgot', () => {
    const pinned = { ...pick(first), 'xx-gone-1': awsCertificates[second] ?? '' };
    const published = { [first]: awsCertificates[second] ?? '', 'zz-new-1': awsCertificates[first] ?? '' };
    expect(refreshed(pinned, published)).toEqual({
      certificates: { ...published, 'xx-gone-1': awsCertificates[second] },
      added: ['zz-new-1'],
      replaced: [first],
      unseen: ['xx-gone-1'],
    });
  });

  it('leaves the set alone when nothing new is published', () => {
    expect(refreshed(awsCertificates, awsCertificates).certificates).toEqual(awsCertificates);
  });
});
