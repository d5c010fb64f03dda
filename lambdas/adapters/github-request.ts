import { Octokit } from '@octokit/rest';
import type { Clock } from '../ports/clock.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import type { Effect } from './faults.ts';
import { faultOfThrown, type Refusal } from './github-faults.ts';

/** A look-up that takes longer would eat the 5 s that dispatch has for a whole batch. */
const READ_MAX_MS = 4_000;
/** A registration takes about a second; a claim's function may run 20 s and has more to do. */
const WRITE_MAX_MS = 8_000;
/** The REST version that the answers' schemas were written for. */
const API_VERSION = '2022-11-28';

/** One REST call. `url` is a template: GitHub's own names never reach a path unescaped. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly baseUrl: string;
  /** The whole header, scheme and token. */
  readonly authorization: string;
  /** Sent as If-None-Match: an unchanged answer is 304 without a body. */
  readonly etag?: string;
}

/** What came back with a status below 400. */
export type Answer = Refusal;

/** Sends one call, once. Answers of 400 and more, and connections that failed, come back as faults. */
export type Send = (call: Call) => Promise<Outcome<Answer>>;

const silent = () => undefined;
/** Octokit prints failing paths to the console by default; what is said is said by the Journal alone. */
const LOG = { debug: silent, info: silent, warn: silent, error: silent };

/** Octokit without its retry and throttling plugins: they repeat a registration on 409 and 502, and pace per container. */
export function createGitHubSend(parts: { readonly clock: Clock; readonly fetch?: typeof fetch }): Send {
  const octokit = new Octokit({
    userAgent: 'mayfly',
    log: LOG,
    request: { ...(parts.fetch && { fetch: parts.fetch }) },
  });
  return async ({ method, url, parameters, baseUrl, authorization, etag }) => {
    const effect: Effect = method === 'GET' ? 'read' : 'write';
    try {
      const answer = await octokit.request({
        ...parameters,
        method,
        url,
        baseUrl,
        headers: {
          authorization,
          'x-github-api-version': API_VERSION,
          ...(etag !== undefined && { 'if-none-match': etag }),
        },
        request: {
          signal: AbortSignal.timeout(effect === 'read' ? READ_MAX_MS : WRITE_MAX_MS),
          // Followed, a POST would become a GET and a registration would look like a list.
          redirect: effect === 'read' ? 'follow' : 'manual',
        },
      });
      return done({ status: answer.status, headers: answer.headers, data: answer.data });
    } catch (error) {
      const fault = faultOfThrown(error, effect, parts.clock.now());
      // Octokit throws for an unchanged answer, too.
      if (fault.code === 'http-304') return done({ status: 304, headers: {}, data: undefined });
      return failed(fault);
    }
  };
}
