import { definite, elementsFrom, indefinite, objectId, TAG } from './der.ts';

/**
 * The exact CMS envelope around a rsa2048-signed identity document, as AWS emits it (seen in documents of
 * 2021 and 2022; see docs/assumptions.md). These four parts vary; all else is fixed, or follows from their
 * lengths and from the certificate.
 */
export interface EnvelopeParts {
  /** The signed octets: the JSON text of the document. */
  readonly content: Uint8Array;
  /** UTCTime in ASCII, such as `210903212547Z`. */
  readonly signingTime: Uint8Array;
  /** SHA-256 of the content. */
  readonly digest: Uint8Array;
  /** RSA PKCS #1 v1.5 over the signed attributes. */
  readonly signature: Uint8Array;
}

/** Who signed, in the words of the certificate. */
export interface EnvelopeSigner {
  /** DER of the issuer's Name. */
  readonly issuer: Uint8Array;
  /** DER of the serial number. */
  readonly serial: Uint8Array;
}

/** Octets per segment of the content, as the library whose shape this is (Bouncy Castle) cuts them. */
const SEGMENT_BYTES = 1_000;

/**
 * Where the content's first segment stands, and the other parts counted from the end: all between is of fixed
 * length.
 */
const CONTENT_AT = 54;
const SIGNING_TIME_AT = [-390, -377] as const;
const DIGEST_AT = [-313, -281] as const;
const SIGNATURE_AT = [-262, -6] as const;

const NULL = definite(TAG.null);
const DATA = objectId('1.2.840.113549.1.7.1');
const SIGNED_DATA = objectId('1.2.840.113549.1.7.2');
const CONTENT_TYPE = objectId('1.2.840.113549.1.9.3');
const MESSAGE_DIGEST = objectId('1.2.840.113549.1.9.4');
const SIGNING_TIME = objectId('1.2.840.113549.1.9.5');
const ALGORITHM_PROTECTION = objectId('1.2.840.113549.1.9.52');
const SHA256 = Buffer.concat([objectId('2.16.840.1.101.3.4.2.1'), NULL]);
const SHA256_WITH_RSA = Buffer.concat([objectId('1.2.840.113549.1.1.11'), NULL]);
const VERSION_1 = definite(TAG.integer, Buffer.from([1]));
const DIGEST_ALGORITHM = definite(TAG.sequence, SHA256);
const SIGNATURE_ALGORITHM = definite(TAG.sequence, SHA256_WITH_RSA);

/** All octets of the envelope. */
export function encodeEnvelope(parts: EnvelopeParts, signer: EnvelopeSigner): Buffer {
  const signedData = indefinite(
    TAG.sequence,
    VERSION_1,
    definite(TAG.set, DIGEST_ALGORITHM),
    indefinite(TAG.sequence, DATA, indefinite(TAG.context0, segmented(parts.content))),
    definite(TAG.set, signerInfo(parts, signer)),
  );
  return indefinite(TAG.sequence, SIGNED_DATA, indefinite(TAG.context0, signedData));
}

/**
 * What stands where the parts would stand if this were such an envelope. It checks nothing: only if
 * `encodeEnvelope` makes the same octets of it again was it one.
 */
export function readEnvelope(octets: Uint8Array): EnvelopeParts {
  const segments = elementsFrom(octets, CONTENT_AT, (tag) => tag === TAG.octetString);
  return {
    content: Buffer.concat(segments.map(({ contents }) => contents)),
    signingTime: octets.subarray(...SIGNING_TIME_AT),
    digest: octets.subarray(...DIGEST_AT),
    signature: octets.subarray(...SIGNATURE_AT),
  };
}

/** What the signature is over: the DER of the attributes as a SET (RFC 5652 §5.4). */
export const signedAttributes = (parts: Pick<EnvelopeParts, 'signingTime' | 'digest'>): Buffer =>
  definite(TAG.set, attributes(parts));

function signerInfo(parts: EnvelopeParts, signer: EnvelopeSigner): Buffer {
  return definite(
    TAG.sequence,
    VERSION_1,
    definite(TAG.sequence, signer.issuer, signer.serial),
    DIGEST_ALGORITHM,
    definite(TAG.context0, attributes(parts)),
    SIGNATURE_ALGORITHM,
    definite(TAG.octetString, parts.signature),
  );
}

/** In the order of a DER SET OF, by which AWS writes them. */
function attributes({ signingTime, digest }: Pick<EnvelopeParts, 'signingTime' | 'digest'>): Buffer {
  const protection = [DIGEST_ALGORITHM, definite(TAG.context1, SHA256_WITH_RSA)];
  return Buffer.concat([
    attribute(CONTENT_TYPE, DATA),
    attribute(SIGNING_TIME, definite(TAG.utcTime, signingTime)),
    attribute(ALGORITHM_PROTECTION, definite(TAG.sequence, ...protection)),
    attribute(MESSAGE_DIGEST, definite(TAG.octetString, digest)),
  ]);
}

const attribute = (type: Buffer, value: Buffer): Buffer =>
  definite(TAG.sequence, type, definite(TAG.set, value));

/** An octet string made of segments; every document seen so far fits into one. */
function segmented(content: Uint8Array): Buffer {
  const segments: Buffer[] = [];
  for (let at = 0; at < content.length; at += SEGMENT_BYTES) {
    segments.push(definite(TAG.octetString, content.subarray(at, at + SEGMENT_BYTES)));
  }
  return indefinite(TAG.octetStrings, ...segments);
}
