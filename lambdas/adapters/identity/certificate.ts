import { type KeyObject, X509Certificate } from 'node:crypto';
import { elementsFrom } from './der.ts';
import type { EnvelopeSigner } from './envelope.ts';

/** A pinned certificate: the key to verify with, and the names by which an envelope must refer to it. */
export interface PinnedCertificate extends EnvelopeSigner {
  readonly publicKey: KeyObject;
  /** DER of the whole certificate. */
  readonly der: Uint8Array;
}

/** Reads a PEM certificate of our own configuration; throws if it is none, because that is our bug. */
export function readCertificate(pem: string): PinnedCertificate {
  const { raw, publicKey } = new X509Certificate(pem);
  const [certificate] = elementsFrom(raw, 0);
  const [toBeSigned] = elementsFrom(certificate?.contents ?? raw, 0);
  const [, serial, , issuer] = elementsFrom(toBeSigned?.contents ?? raw, 0);
  if (serial === undefined || issuer === undefined)
    throw new Error('want an X.509 v3 certificate, got another');
  return { publicKey, der: raw, issuer: issuer.whole, serial: serial.whole };
}
