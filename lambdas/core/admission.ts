import type { RunFacts } from '../contracts/facts.ts';
import type { RepositoryRef } from '../contracts/job-event.ts';
import type { Reason } from '../contracts/reasons.ts';
import type { Pool, Settings } from '../contracts/settings.ts';

export type Decision =
  | { readonly verdict: 'allow' }
  | Denial
  | { readonly verdict: 'hold'; readonly reason: Reason };

export interface Denial {
  readonly verdict: 'deny';
  readonly reason: Reason;
}

/** What the webhook alone can settle; `undefined` means that the run's facts decide. */
export function admitByRepository(
  repository: RepositoryRef,
  pool: Pool,
  settings: Settings,
): Denial | undefined {
  if (!settings.github.owners.includes(repository.ownerLogin.toLowerCase())) {
    return { verdict: 'deny', reason: 'owner-not-allowed' };
  }
  if (repository.visibility === 'public' && !pool.admission.publicRepositories) {
    return { verdict: 'deny', reason: 'repository-public' };
  }
  return undefined;
}

/** Null facts: GitHub answered that there is no such run. Undefined facts: they could not be fetched now. */
export function admitByRun(facts: RunFacts | null | undefined, pool: Pool, repositoryId: string): Decision {
  if (facts === undefined) return { verdict: 'hold', reason: 'fact-unreachable' };
  if (facts === null) return { verdict: 'deny', reason: 'run-unknown' };
  if (isFork(facts, repositoryId) && !pool.admission.forks)
    return { verdict: 'deny', reason: 'run-from-fork' };
  return { verdict: 'allow' };
}

/** A deleted head repository (null) was a fork; `head_repository.fork` says nothing of it (github-protocol §8.2). */
const isFork = (facts: RunFacts, repositoryId: string): boolean =>
  facts.headRepositoryId !== repositoryId || facts.repositoryId !== repositoryId;
