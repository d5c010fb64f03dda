import { createHmac, timingSafeEqual } from 'node:crypto';

/** Constant-time comparison; false for different lengths. */
export function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * HMAC-SHA256 of the raw bytes under the secret, compared in constant time with the `sha256=…` header. The octokit
 * library signs text: bytes that are no UTF-8 would be changed before they are checked.
 */
export const isSigned = (secret: string, body: Uint8Array, signature: string): boolean =>
  isSame(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`, signature);
