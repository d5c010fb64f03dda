import { Certificate, ContentInfo, SignedData } from 'pkijs';

/** What a general CMS library says of octets that are not the envelope AWS emits. */
export type SecondOpinion = 'unreadable' | 'forged' | 'genuine inside';

/**
 * Asks pkijs, which looks away from most octets of an envelope. So its word admits nothing, but it tells a
 * genuine signature in a changed envelope (somebody tampers, or AWS changed the shape) from a forgery
 * (anybody can send one).
 */
export async function secondOpinion(octets: Uint8Array, certificateDer: Uint8Array): Promise<SecondOpinion> {
  const cms = readCms(octets);
  if (cms === undefined) return 'unreadable';
  cms.certificates = [Certificate.fromBER(certificateDer)];
  try {
    return (await cms.verify({ signer: 0, checkChain: false })) ? 'genuine inside' : 'forged';
  } catch {
    return 'forged';
  }
}

function readCms(octets: Uint8Array): SignedData | undefined {
  try {
    return new SignedData({ schema: ContentInfo.fromBER(octets).content });
  } catch {
    return undefined;
  }
}
