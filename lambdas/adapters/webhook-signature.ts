import { timingSafeEqual } from 'node:crypto';
import { verify } from '@octokit/webhooks-methods';

/** HMAC-SHA256 of the body under the secret, compared in constant time with the `sha256=…` header. */
export const isSigned = (secret: string, body: Uint8Array, signature: string): Promise<boolean> =>
  verify(secret, Buffer.from(body).toString('utf8'), signature);

/** Constant-time comparison; false for different lengths. */
export function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
