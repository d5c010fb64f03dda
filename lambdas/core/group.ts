import type { RepositoryRef } from '../contracts/job-event.ts';
import type { Target } from '../contracts/ledger.ts';
import type { Pool, Settings } from '../contracts/settings.ts';
import { shortHashOf } from './hash.ts';

/** What a launch request varies by; never anything of one job. */
export const shapeOf = (pool: Pool, imageId: string, templateVersion: string): string =>
  shortHashOf(JSON.stringify([pool.name, pool.market, imageId, templateVersion]));

/**
 * The key in which demand and supply are compared: pool, shape, scope and exact label set. Users have no organization
 * runners, so a user's repository is always a scope of its own.
 */
export function targetOf(
  settings: Settings,
  pool: Pool,
  job: {
    readonly repository: RepositoryRef;
    readonly installationId: string;
    readonly labels: readonly string[];
  },
): Target {
  const isOrganization =
    settings.github.scope === 'organization' && job.repository.ownerType === 'Organization';
  return {
    installationId: job.installationId,
    scope: isOrganization ? 'organization' : 'repository',
    owner: job.repository.ownerLogin,
    repository: isOrganization ? null : (job.repository.fullName.split('/')[1] ?? ''),
    labels: [...job.labels],
    // Repository runners have no groups: GitHub uses group 1 for them always.
    runnerGroupId: isOrganization ? pool.runnerGroupId : 1,
  };
}

/** Scope by ids, not by names: a renamed repository stays in its group. */
export const groupOf = (shape: string, target: Target, repository: RepositoryRef): string =>
  shortHashOf(
    JSON.stringify([
      shape,
      target.installationId,
      target.scope,
      target.scope === 'organization' ? repository.ownerId : repository.id,
      target.labels,
    ]),
  );
