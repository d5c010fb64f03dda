import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  sign,
} from 'node:crypto';
import type { Json, JsonObject } from '../json.ts';
import type { AllowList } from './allow-list.ts';
import { type AwsAnswer, jsonAnswer, jsonError } from './answer.ts';

type Key = { readonly id: string; readonly arn: string; material?: KeyObject };

/** RSA signing keys with imported material, and their aliases. */
export type Kms = {
  create(key: { readonly id: string; readonly arn: string }): void;
  createAlias(alias: string, keyId: string): void;
  /** What ImportKeyMaterial does by wrapping, in one step: from now on the key signs. Throws on a key not RSA 2048. */
  importKey(keyId: string, privateKeyPem: string): void;
  remove(id: string): void;
  handle(action: string, parameters: JsonObject): AwsAnswer;
};

const ALGORITHM = 'RSASSA_PKCS1_V1_5_SHA_256';

export const KMS_ALLOWED: AllowList = {
  Sign: {
    parameters: ['KeyId', 'Message', 'MessageType', 'SigningAlgorithm'],
    check: ({ SigningAlgorithm, MessageType }) => {
      if (SigningAlgorithm !== ALGORITHM)
        return `SigningAlgorithm: want ${ALGORITHM}, got ${SigningAlgorithm}`;
      const known = MessageType === undefined || MessageType === 'RAW' || MessageType === 'DIGEST';
      return known ? undefined : `MessageType: want RAW or DIGEST, got ${MessageType}`;
    },
  },
  GetPublicKey: { parameters: ['KeyId'] },
};

/** KMS signs raw messages up to 4,096 bytes; longer ones go as digest. */
const RAW_MAX_BYTES = 4096;
const SHA256_BYTES = 32;
/** DER of DigestInfo for SHA-256 (RFC 8017, 9.2, note 1): stands before the digest in a PKCS #1 v1.5 signature. */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** No keys yet. */
export function createKms(): Kms {
  const keys = new Map<string, Key>();
  const aliases = new Map<string, string>();
  const find = (id: Json | undefined): Key | undefined => {
    const text = typeof id === 'string' ? id : '';
    const alias = aliases.get(text.replace(/^arn:[^/]*:(?=alias\/)/, ''));
    return keys.get(alias ?? text.replace(/^arn:.*:key\//, ''));
  };
  const handle = (action: string, given: JsonObject): AwsAnswer => {
    const key = find(given['KeyId']);
    if (!key) return jsonError('NotFoundException', `Key '${given['KeyId']}' does not exist`);
    if (!key.material) return jsonError('KMSInvalidStateException', `${key.arn} is pending import.`);
    return action === 'Sign' ? signWith(key, key.material, given) : publicKey(key, key.material);
  };
  return {
    create: (key) => void keys.set(key.id, { ...key }),
    createAlias: (alias, keyId) => void aliases.set(alias, keyId),
    importKey: (keyId, privateKeyPem) => {
      const key = find(keyId);
      if (!key) throw new Error(`want the id of a KMS key of this stack, got ${keyId}`);
      const material = createPrivateKey(privateKeyPem);
      const bits = material.asymmetricKeyDetails?.modulusLength;
      if (material.asymmetricKeyType !== 'rsa' || bits !== 2048) {
        throw new Error(
          `want an RSA key of 2048 bits for ${keyId}, got ${material.asymmetricKeyType} ${bits ?? ''}`,
        );
      }
      key.material = material;
    },
    remove: (id) => void keys.delete(id),
    handle,
  };
}

function signWith(key: Key, material: KeyObject, given: JsonObject): AwsAnswer {
  const message = Buffer.from(String(given['Message'] ?? ''), 'base64');
  const isDigest = given['MessageType'] === 'DIGEST';
  if (isDigest ? message.length !== SHA256_BYTES : message.length < 1 || message.length > RAW_MAX_BYTES) {
    return jsonError('ValidationException', `Message: ${message.length} bytes do not fit its MessageType`);
  }
  const signature = isDigest
    ? privateEncrypt(
        { key: material, padding: constants.RSA_PKCS1_PADDING },
        Buffer.concat([DIGEST_INFO, message]),
      )
    : sign('sha256', message, material);
  return jsonAnswer({ KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm: ALGORITHM });
}

function publicKey(key: Key, material: KeyObject): AwsAnswer {
  const der = createPublicKey(material).export({ type: 'spki', format: 'der' });
  return jsonAnswer({
    KeyId: key.arn,
    PublicKey: der.toString('base64'),
    KeySpec: 'RSA_2048',
    KeyUsage: 'SIGN_VERIFY',
    SigningAlgorithms: [ALGORITHM],
  });
}
