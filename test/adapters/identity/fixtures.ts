import { readFileSync } from 'node:fs';
import { readCertificate } from '../../../lambdas/adapters/identity/certificate.ts';
import {
  type EnvelopeParts,
  encodeEnvelope,
  readEnvelope,
} from '../../../lambdas/adapters/identity/envelope.ts';
import { verifyIdentityDocument } from '../../../lambdas/adapters/identity/verify.ts';

const readJson = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** The 39 regional certificates that AWS publishes, PEM by region. */
export const awsCertificates: Record<string, string> = readJson('../../../lambdas/claim/certificates.json');

const sample = readJson('../../data/identity-document-us-west-2.json');
export const genuine: { readonly region: string; readonly rsa2048: string; readonly bytes: Buffer } = {
  region: sample.region,
  rsa2048: sample.rsa2048,
  bytes: Buffer.from(sample.rsa2048, 'base64'),
};

/** The word for an answer: `ok`, or the reason of the refusal. */
export async function verdictOn(bytes: Uint8Array, certificates = awsCertificates): Promise<string> {
  const rsa2048 = Buffer.from(bytes).toString('base64');
  const verdict = await verifyIdentityDocument({ rsa2048, region: genuine.region, certificates });
  return verdict.ok ? 'ok' : verdict.reason;
}

/** The genuine document taken apart, and how to write its envelope again with some of it replaced. */
export const genuineParts: EnvelopeParts = readEnvelope(genuine.bytes);
export const genuineText = Buffer.from(genuineParts.content).toString('utf8');
const genuineSigner = readCertificate(awsCertificates[genuine.region] ?? '');
export const rewrite = (changed: Partial<EnvelopeParts>): Buffer =>
  encodeEnvelope({ ...genuineParts, ...changed }, genuineSigner);

/**
 * The set of signers in the genuine envelope, and what stands around it. The content starts at octet 58;
 * three ends of contents (octets, `[0]`, the sequence around them) follow it, and three more (signed, `[0]`,
 * all) end the envelope.
 */
export function cutAtSigners() {
  const at = 58 + genuineParts.content.length + 6;
  return {
    head: genuine.bytes.subarray(0, at),
    signers: genuine.bytes.subarray(at, -6),
    tail: genuine.bytes.subarray(-6),
  };
}
