import { type KeyObject, verify } from 'node:crypto';
import { isObject, type JsonObject, parseJsonObject } from '../json.ts';
import { type Answer, refusal } from './answer.ts';
import { later, type State } from './state.ts';

const undecodable = () => refusal(401, 'A JSON web token could not be decoded');

/** Checks an App's JWT as GitHub does: RS256 by the App's key, iss, iat in the past, exp at most 10 min ahead. */
export function checkJwt(state: State, text: string, now: number): Answer | undefined {
  const claims = claimsOf(text, state.app.publicKey);
  if (claims === undefined) return undecodable();
  const { iss, iat, exp, jti } = claims;
  const seconds = now / 1_000;
  if (String(iss) !== String(state.app.id) && iss !== state.app.clientId) {
    return refusal(401, "'Issuer' claim ('iss') must be an Integer");
  }
  if (!Number.isInteger(iat) || Number(iat) > seconds) {
    return refusal(401, "'Issued at' claim ('iat') must be an Integer representing a time in the past");
  }
  if (!Number.isInteger(exp) || Number(exp) <= seconds) {
    const wanted = 'must be a numeric value representing the future time at which the assertion expires';
    return refusal(401, `'Expiration time' claim ('exp') ${wanted}`);
  }
  if (Number(exp) - seconds > state.limits.jwtLifetimeMaxMs / 1_000) {
    return refusal(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (state.faults.sameJwtRefused && jti === undefined && isRepeated(state, text, Number(exp) * 1_000)) {
    return undecodable();
  }
  return undefined;
}

function claimsOf(text: string, key: KeyObject | null): JsonObject | undefined {
  const [head = '', body = '', signature = '', ...more] = text.split('.');
  if (key === null || signature === '' || more.length > 0) return undefined;
  const header = partOf(head);
  if (!isObject(header) || header['alg'] !== 'RS256') return undefined;
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined;
  return partOf(body);
}

const partOf = (part: string) => parseJsonObject(Buffer.from(part, 'base64url').toString('utf8'));

function isRepeated(state: State, text: string, expiresAt: number): boolean {
  if (state.jwtsSeen.has(text)) return true;
  state.jwtsSeen.add(text);
  later(state, expiresAt, () => state.jwtsSeen.delete(text));
  return false;
}
