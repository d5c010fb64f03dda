import type { Answer } from './answer.ts';
import type { Caller } from './callers.ts';
import type { Bucket } from './rate.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

/** A call that found its route and passed its checks. */
export interface Call {
  readonly state: State;
  readonly now: number;
  readonly caller: Caller;
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The address the caller used: links to further pages start with it. */
  readonly baseUrl: string;
  readonly path: string;
}

export interface ScopeCall extends Call {
  readonly scope: T.Scope;
}

export interface RepositoryCall extends ScopeCall {
  readonly repository: T.Repository;
}

interface RouteBase {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** GitHub's own template; also the name under which calls are counted. */
  readonly path: string;
  /** Left out: core. */
  readonly buckets?: (state: State) => readonly Bucket[];
}

interface Guarded {
  readonly permission: string;
  readonly level: T.Level;
}

/** A route by who may call it, and on what: the App, anyone known, on an organization, or on a repository. */
export type Route = RouteBase &
  (
    | { readonly on: 'app'; readonly answer: (call: Call) => Answer }
    | { readonly on: 'anyone'; readonly answer: (call: Call) => Answer }
    | ({ readonly on: 'organization'; readonly answer: (call: ScopeCall) => Answer } & Guarded)
    | ({ readonly on: 'repository'; readonly answer: (call: RepositoryCall) => Answer } & Guarded)
  );

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a method and path; undefined when there is none. */
export type Router = (method: string, path: string) => Match | undefined;

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Routes are kept by method and length, so that few are compared. */
export function createRouter(routes: readonly Route[]): Router {
  const patterns = new Map<string, Pattern[]>();
  for (const route of routes) {
    const segments = route.path.slice(1).split('/');
    const key = `${route.method} ${segments.length}`;
    patterns.set(key, [...(patterns.get(key) ?? []), { route, segments }]);
  }
  return (method, path) => {
    const parts = path.slice(1).split('/');
    for (const { route, segments } of patterns.get(`${method} ${parts.length}`) ?? []) {
      const params = paramsOf(segments, parts);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  };
}

function paramsOf(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = decoded(part);
    else if (segment !== part) return undefined;
  }
  return params;
}

function decoded(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
