import * as z from 'zod/mini';
import { type IdentityDocument, identityDocument } from '../../contracts/claim.ts';

/** Product codes in a document: far more than any image carries, so that the bound never matters. */
const CODES_MAX = 64;
const text = z.string().check(z.maxLength(64));
const codes = z.nullable(z.array(text).check(z.maxLength(CODES_MAX)));

/**
 * All that AWS writes. A field it may add later is passed over: AWS signs every octet, and no claim should
 * stop for it.
 */
export const identityContent = z.extend(identityDocument, {
  billingProducts: codes,
  devpayProductCodes: z.optional(codes),
  marketplaceProductCodes: codes,
  kernelId: z.nullable(text),
  ramdiskId: z.nullable(text),
});
export type IdentityContent = z.infer<typeof identityContent>;

/** JSON strings, each with the colon that makes it a key. */
const STRINGS = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

export interface ReadDocument {
  readonly document: IdentityDocument;
  /** The signed text, as it was signed. */
  readonly raw: string;
}

/**
 * The content of an envelope as a document; undefined if it is not UTF-8, not flat JSON, or not of AWS's
 * form.
 */
export function readDocument(content: Uint8Array): ReadDocument | undefined {
  try {
    const raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    const value: unknown = JSON.parse(raw);
    const document = identityContent.parse(value);
    return keysIn(raw) === Object.keys(value ?? {}).length ? { document, raw } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Of a key that stands twice our parser takes the last, another reader of the same text perhaps the first.
 * AWS signs the text, so only AWS could send one; it is refused because no two readers may disagree on which
 * instance was proved.
 */
const keysIn = (raw: string): number =>
  [...raw.matchAll(STRINGS)].filter(([, colon]) => colon !== undefined).length;
