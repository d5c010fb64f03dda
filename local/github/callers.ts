import { covers } from './accounts.ts';
import { type Answer, refusal } from './answer.ts';
import { checkJwt } from './app-jwt.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

/** Who calls, once known: the App itself, or one of its installations with what its token was narrowed to. */
export type Caller = { readonly kind: 'app' } | { readonly kind: 'installation'; readonly token: T.Token };

/** In memory a caller may name itself instead of carrying a signed JWT or a token. */
export type NamedCaller =
  | { readonly kind: 'app' }
  | { readonly kind: 'installation'; readonly id: number; readonly permissions?: T.Permissions };

export type Known = { readonly caller: Caller } | { readonly refused: Answer };

const badCredentials = () => ({ refused: refusal(401, 'Bad credentials') });

/** Reads the `authorization` header: `Bearer` or `token`, then a JWT of the App or an installation's token. */
export function callerOf(state: State, authorization: string | undefined, now: number): Known {
  const [scheme = '', text = ''] = (authorization ?? '').split(' ');
  if (text === '' || !/^(bearer|token)$/i.test(scheme)) {
    return { refused: refusal(401, 'Requires authentication') };
  }
  if (text.startsWith('ghs_')) return ofToken(state, text, now);
  const refused = checkJwt(state, text, now);
  return refused === undefined ? { caller: { kind: 'app' } } : { refused };
}

function ofToken(state: State, text: string, now: number): Known {
  const token = state.tokens.get(text);
  // An expired token is forgotten by the model's timer before anything is asked at that time.
  if (token === undefined || now < token.usableAt) return badCredentials();
  // Uninstalling voids every token at once.
  if (!state.installations.has(token.installation.id)) return badCredentials();
  return ofInstallation(token);
}

export function callerNamed(state: State, named: NamedCaller): Known {
  if (named.kind === 'app') return { caller: named };
  const installation = state.installations.get(named.id);
  if (installation === undefined) return badCredentials();
  return ofInstallation({
    installation,
    permissions: named.permissions ?? installation.permissions,
    repositoryIds: null,
    usableAt: 0,
    expiresAt: Number.POSITIVE_INFINITY,
  });
}

function ofInstallation(token: T.Token): Known {
  if (token.installation.suspendedAt === null) return { caller: { kind: 'installation', token } };
  return { refused: refusal(403, 'This installation has been suspended') };
}

/** Whose quota a call draws from. */
export const quotaKeyOf = (caller: Caller): string =>
  caller.kind === 'app' ? 'app' : `installation ${caller.token.installation.id}`;

/** Whether a token reaches a repository at all. */
export const reaches = (token: T.Token, repository: T.Repository): boolean =>
  covers(token.installation, repository) &&
  (token.repositoryIds === null || token.repositoryIds.has(repository.id));

/** Whether what was granted includes what is wanted: write includes read. */
export const grants = (granted: T.Permissions, name: string, level: T.Level): boolean =>
  granted[name] === 'write' || granted[name] === level;
