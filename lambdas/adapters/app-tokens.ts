import * as z from 'zod/mini';
import type { Clock, Dice } from '../ports/clock.ts';
import { done, type Fault, failed, type Outcome } from '../ports/outcome.ts';
import type { Send } from './github-request.ts';
import type { Sign } from './kms-signer.ts';
import type { GitHubAppSource } from './ssm-github-app.ts';

/** GitHub advises to date a JWT back, for clocks that differ, and takes none that ends more than 10 min ahead. */
const JWT_BACK_SECONDS = 60;
const JWT_AHEAD_SECONDS = 480;
/** Two functions signing in one second would else make one JWT, which GitHub refused (github-protocol §5.2). */
const JTI_LETTERS = 20;
/** A token is not used in its last five minutes, so that none runs out on its way. */
const TOKEN_SPARE_MS = 5 * 60_000;
/** Tokens kept in one container: scopes served at a time by one function, with room; the oldest goes first. */
const TOKENS_MAX = 200;

/** What a token may do and where: as little as one call needs. */
export interface Narrowing {
  readonly installationId: string;
  /** Permission name to `read` or `write`, as GitHub names them. */
  readonly permissions: Readonly<Record<string, string>>;
  /** The one repository it is for; null: all of the installation. */
  readonly repository: string | null;
}

/** Installation tokens of the App. `fresh` drops the container's copy first: GitHub refused it. */
export type AppTokens = (
  narrowing: Narrowing,
  options?: { readonly fresh?: boolean },
) => Promise<Outcome<string>>;

export interface AppTokenParts {
  readonly app: GitHubAppSource;
  readonly sign: Sign;
  readonly send: Send;
  readonly clock: Clock;
  readonly dice: Dice;
}

interface Kept {
  readonly token: string;
  readonly until: number;
}

/** Tokens cached per container; calls for one token that meet share one request. */
export function createAppTokens(parts: AppTokenParts): AppTokens {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Outcome<string>>>();

  const mintAndKeep = async (key: string, narrowing: Narrowing): Promise<Outcome<string>> => {
    const minted = await mint(parts, narrowing);
    if (!minted.ok) return minted;
    kept.delete(key);
    kept.set(key, minted.value);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - TOKENS_MAX))) kept.delete(oldest);
    return done(minted.value.token);
  };

  return async (narrowing, { fresh = false } = {}) => {
    const key = JSON.stringify([narrowing.installationId, narrowing.repository, narrowing.permissions]);
    const copy = kept.get(key);
    if (!fresh && copy !== undefined && parts.clock.now() < copy.until) return done(copy.token);
    const request = underWay.get(key) ?? mintAndKeep(key, narrowing).finally(() => underWay.delete(key));
    underWay.set(key, request);
    return request;
  };
}

const minted = z.object({ token: z.string().check(z.minLength(1)), expires_at: z.string() });

const UNREADABLE: Fault = { kind: 'busy', code: 'token-unreadable', retryAfterMs: 2_000 };

async function mint(parts: AppTokenParts, narrowing: Narrowing): Promise<Outcome<Kept>> {
  const app = await parts.app();
  if (!app.ok) return app;
  const jwt = await appJwt(parts, { appId: app.value.appId, keySlot: app.value.keySlot });
  if (!jwt.ok) return jwt;
  const answer = await parts.send({
    method: 'POST',
    url: '/app/installations/{installation_id}/access_tokens',
    baseUrl: app.value.apiUrl,
    authorization: `Bearer ${jwt.value}`,
    parameters: {
      installation_id: narrowing.installationId,
      permissions: narrowing.permissions,
      ...(narrowing.repository !== null && { repositories: [narrowing.repository] }),
    },
  });
  if (!answer.ok) return failed(tokenFault(answer.fault));
  const read = minted.safeParse(answer.value.data);
  const expiresAt = Date.parse(read.data?.expires_at ?? '');
  if (!read.success || Number.isNaN(expiresAt)) return failed(UNREADABLE);
  return done({ token: read.data.token, until: expiresAt - TOKEN_SPARE_MS });
}

/**
 * A token too many does no harm, so a lost answer is simply asked for again: `unsure` is for what the token was for. A
 * refused JWT is no matter of time: the key in the slot is not the App's.
 */
function tokenFault(fault: Fault): Fault {
  const code = `token-${fault.code}`;
  if (fault.code === 'http-401') return { kind: 'refused', code };
  if (fault.kind === 'unsure') return { kind: 'busy', code, retryAfterMs: 2_000 };
  return { ...fault, code };
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The App's own word, for calls that no installation may make; a fresh one each time. */
export type AppJwt = () => Promise<Outcome<string>>;

export const createAppJwt =
  (parts: Pick<AppTokenParts, 'app' | 'sign' | 'clock' | 'dice'>): AppJwt =>
  async () => {
    const app = await parts.app();
    return app.ok ? appJwt(parts, app.value) : app;
  };

/** A JWT that proves to be the App, good for nine minutes, signed by the key that nobody can read. */
async function appJwt(
  { sign, clock, dice }: Pick<AppTokenParts, 'sign' | 'clock' | 'dice'>,
  app: { readonly appId: string; readonly keySlot: 'a' | 'b' },
): Promise<Outcome<string>> {
  const now = Math.floor(clock.now() / 1_000);
  const claims = {
    iat: now - JWT_BACK_SECONDS,
    exp: now + JWT_AHEAD_SECONDS,
    iss: app.appId,
    jti: dice.letters(JTI_LETTERS),
  };
  const content = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = await sign(app.keySlot, content);
  return signature.ok ? done(`${content}.${Buffer.from(signature.value).toString('base64url')}`) : signature;
}
