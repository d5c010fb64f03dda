import type { GitHub } from '../ports/github.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { AppJwt, AppTokens } from './app-tokens.ts';
import { githubOver } from './github-port.ts';
import type { Answer, Send } from './github-request.ts';
import type { GitHubAppSource } from './ssm-github-app.ts';

export interface GitHubRestParts {
  readonly app: GitHubAppSource;
  readonly tokens: AppTokens;
  readonly jwt: AppJwt;
  readonly send: Send;
}

/**
 * GitHub by its REST API, as the App's installation. Each call has a token of its own narrowness. One that GitHub refuses is
 * minted anew, once: it may have been revoked meanwhile.
 */
export const createGitHubRest = ({ app, tokens, jwt, send }: GitHubRestParts): GitHub =>
  githubOver(async (request, narrowing) => {
    const known = await app();
    if (!known.ok) return known;
    const { apiUrl: baseUrl } = known.value;
    if (narrowing === 'app') {
      const proof = await jwt();
      return proof.ok ? send({ ...request, baseUrl, authorization: `Bearer ${proof.value}` }) : proof;
    }
    const attempt = async (fresh: boolean): Promise<Outcome<Answer>> => {
      const token = await tokens(narrowing, { fresh });
      if (!token.ok) return token;
      return send({ ...request, baseUrl, authorization: `token ${token.value}` });
    };
    const first = await attempt(false);
    return !first.ok && first.fault.code === 'http-401' ? attempt(true) : first;
  });
