import { X509Certificate } from 'node:crypto';

/** PEM by region, as the claim function pins them. */
export type Certificates = Readonly<Record<string, string>>;

/** AWS publishes the set in prose, once for each partition that has a site of its own; `.md` is the same page as text. */
export const CERTIFICATE_PAGES = [
  'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/regions-certs.md',
  'https://docs.amazonaws.cn/en_us/AWSEC2/latest/UserGuide/regions-certs.md',
] as const;

const HEADING = /^## .*?([a-z]{2,5}(?:-[a-z]+)+-\d+)\s*$/;
const TAB = /^#### \[ (.+) \]\s*$/;
const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;
/** Of the three certificates of a region, the one that signs `dynamic/instance-identity/rsa2048`. */
const WANTED_TAB = 'RSA-2048';

/**
 * The RSA-2048 certificates that one page states, by region. Throws an Error that says which region is wanting what: a
 * page that is read half would pin the wrong half.
 */
export function certificatesOf(page: string): Certificates {
  const found: Record<string, string> = {};
  for (const { region, text } of sectionsOf(page)) {
    const tab = text
      .split(/^(?=#### )/m)
      .find((part) => TAB.exec(part.split('\n')[0] ?? '')?.[1] === WANTED_TAB);
    const pem = PEM.exec(tab ?? '')?.[0];
    if (pem === undefined) throw new Error(`${region}: want a certificate under "${WANTED_TAB}", got none`);
    if (Object.hasOwn(found, region)) throw new Error(`${region}: want one section, got two`);
    found[region] = `${pem}\n`;
    const fault = faultOf(pem);
    if (fault !== undefined) throw new Error(`${region}: ${fault}`);
  }
  if (Object.keys(found).length === 0)
    throw new Error('want a section per region ("## Name — us-east-1"), got none: the page has a new form');
  return found;
}

function sectionsOf(page: string): { readonly region: string; readonly text: string }[] {
  return page.split(/^(?=## )/m).flatMap((text) => {
    const region = HEADING.exec(text.split('\n')[0] ?? '')?.[1];
    return region === undefined ? [] : [{ region, text }];
  });
}

function faultOf(pem: string): string | undefined {
  const { publicKey } = new X509Certificate(pem);
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  if (publicKey.asymmetricKeyType === 'rsa' && bits === 2_048) return undefined;
  return `want an RSA key of 2048 bits, got ${publicKey.asymmetricKeyType} of ${bits ?? 'unknown'} bits`;
}

/** What a refresh would change, in the words of its report. */
export interface Refresh {
  readonly certificates: Certificates;
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  /** Pinned, and on no page now. They are kept: nobody's instances may stop claiming because a page was edited. */
  readonly unseen: readonly string[];
}

/** Regions in alphabetical order, so that a review sees only what changed. */
export function refreshed(pinned: Certificates, published: Certificates): Refresh {
  const regions = [...new Set([...Object.keys(pinned), ...Object.keys(published)])].sort();
  const isPinned = (region: string) => Object.hasOwn(pinned, region);
  const isPublished = (region: string) => Object.hasOwn(published, region);
  const same = (region: string) => bodyOf(pinned[region]) === bodyOf(published[region]);
  return {
    certificates: Object.fromEntries(
      regions.map((region) => [
        region,
        (isPublished(region) && !(isPinned(region) && same(region)) ? published[region] : pinned[region]) ??
          '',
      ]),
    ),
    added: regions.filter((region) => !isPinned(region)),
    replaced: regions.filter((region) => isPinned(region) && isPublished(region) && !same(region)),
    unseen: regions.filter((region) => !isPublished(region)),
  };
}

const bodyOf = (pem = ''): string => pem.replace(/\s/g, '');

/** SHA-256 of a certificate, to compare with a second source before it is trusted. */
export const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;
