import { createHash, verify } from 'node:crypto';
import type { IdentityDocument } from '../../contracts/claim.ts';
import type { IdentityRefusal, IdentityVerifier } from '../../ports/identity.ts';
import { type PinnedCertificate, readCertificate } from './certificate.ts';
import { type ReadDocument, readDocument } from './document.ts';
import { type EnvelopeParts, encodeEnvelope, readEnvelope, signedAttributes } from './envelope.ts';

/**
 * Base64 characters looked at. A real document has about 1,500; one with all product codes stays far below.
 */
export const RSA2048_LENGTH_MAX = 8_192;

export type IdentityVerdict =
  | ({ readonly ok: true } & ReadDocument)
  | { readonly ok: false; readonly reason: IdentityRefusal };

export interface IdentityQuestion {
  /** The answer of `dynamic/instance-identity/rsa2048`: canonical base64, line feeds anywhere. */
  readonly rsa2048: string;
  /** The one region whose key may have signed. */
  readonly region: string;
  /** Pinned certificates, PEM by region. */
  readonly certificates: Readonly<Record<string, string>>;
}

const refuse = (reason: IdentityRefusal): IdentityVerdict => ({ ok: false, reason });

/**
 * Whether AWS signed this document for an instance of that region.
 *
 * Most octets of a CMS are unsigned, and a library accepts any envelope that leads to the same signature. So
 * nothing is parsed: the four parts that vary are cut out, the whole envelope is written anew from them and
 * from the pinned certificate, and it must equal what came, octet by octet; then the region's key verifies
 * the attributes that we wrote. Refusals:
 * - `identity-region-unknown`: no certificate is pinned for the region;
 * - `identity-unreadable`: too long, not canonical base64, or no signed CMS;
 * - `identity-signature`: the region's key did not sign this content;
 * - `identity-shape`: it did, but the envelope is not the one AWS emits: tampering, or AWS changed it
 *   (alarm);
 * - `identity-content`: signed, yet not an identity document of that region.
 */
export async function verifyIdentityDocument(question: IdentityQuestion): Promise<IdentityVerdict> {
  const { rsa2048, region, certificates } = question;
  const pem = Object.hasOwn(certificates, region) ? certificates[region] : undefined;
  if (pem === undefined) return refuse('identity-region-unknown');
  const octets = decodeBase64(rsa2048);
  if (octets === undefined) return refuse('identity-unreadable');

  const certificate = readCertificate(pem);
  const parts = readEnvelope(octets);
  const isExact = encodeEnvelope(parts, certificate).equals(octets);
  if (!isExact) return refuse(await nameRefusal(octets, certificate));
  if (!isSigned(parts, certificate)) return refuse('identity-signature');
  const read = readDocument(parts.content);
  return read?.document.region === region ? { ok: true, ...read } : refuse('identity-content');
}

/** The port of the claim, with the certificates that the bundle carries. */
export const createIdentityVerifier = (certificates: Readonly<Record<string, string>>): IdentityVerifier => ({
  stated: statedDocument,
  verify: (rsa2048, region) => verifyIdentityDocument({ rsa2048, region, certificates }),
});

/**
 * The first flat JSON object in the octets, whatever is around it: an unproved statement needs no proved
 * envelope.
 */
function statedDocument(rsa2048: string): IdentityDocument | undefined {
  const [text] = /\{[^{}]*\}/.exec(decodeBase64(rsa2048)?.toString('latin1') ?? '') ?? [];
  return text === undefined ? undefined : readDocument(Buffer.from(text, 'latin1'))?.document;
}

function isSigned(parts: EnvelopeParts, { publicKey }: PinnedCertificate): boolean {
  const digest = createHash('sha256').update(parts.content).digest();
  return digest.equals(parts.digest) && verify('sha256', signedAttributes(parts), publicKey, parts.signature);
}

/** The library is loaded only here, where a claim is refused anyway: no honest claim waits for it. */
async function nameRefusal(octets: Uint8Array, certificate: PinnedCertificate): Promise<IdentityRefusal> {
  const { secondOpinion } = await import('./second-opinion.ts');
  const opinion = await secondOpinion(octets, certificate.der);
  if (opinion === 'unreadable') return 'identity-unreadable';
  return opinion === 'forged' ? 'identity-signature' : 'identity-shape';
}

/** Node's decoder skips what is not base64, so only text that encodes back to itself is taken. */
function decodeBase64(text: string): Buffer | undefined {
  if (text.length > RSA2048_LENGTH_MAX) return undefined;
  const line = text.replaceAll('\n', '');
  const octets = Buffer.from(line, 'base64');
  return octets.length > 0 && octets.toString('base64') === line ? octets : undefined;
}
