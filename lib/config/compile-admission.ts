import type { AdmissionRules } from '../../lambdas/contracts/admission.ts';
import type { Pool } from '../../lambdas/contracts/settings.ts';
import type { AdmissionInput } from './admission-schema.ts';

/** The rules of one pool, as the functions read them. */
export function compileAdmission(input: AdmissionInput): Pool['admission'] {
  const { mode, publicRepositories, forks, branches, tags, permissionsMax, window, ...same } = input;
  const { repositories, visibilities, events, actors, workflows, reusable, environments, checks } = same;
  const rules: AdmissionRules = {
    ...(repositories && { repositories }),
    ...(visibilities && { visibilities }),
    ...(events && { events }),
    ...((branches || tags) && { refs: { branches: branches ?? [], tags: tags ?? [] } }),
    ...(actors && { actors }),
    ...(workflows && { workflows }),
    ...(reusable && { reusable: withAllowed(reusable) }),
    ...(same.workflowUnchanged && { workflowUnchanged: true }),
    ...(same.actionsPinned && { actionsPinned: withOwners(same.actionsPinned) }),
    ...(permissionsMax && { permissionsMax: ceiling(permissionsMax) }),
    ...(environments && { environments }),
    ...(same.codeowners && { codeowners: true }),
    ...(checks && { checks }),
    ...(window && { window: { ...window, from: minuteOf(window.from), to: minuteOf(window.to) } }),
  };
  return {
    publicRepositories,
    forks,
    ...(mode === 'observe' && { mode }),
    ...(Object.keys(rules).length > 0 && { rules }),
  };
}

const withAllowed = ({ allowed, pinned }: NonNullable<AdmissionInput['reusable']>) => ({
  pinned,
  ...(allowed && { allowed }),
});

const withOwners = ({ owners }: NonNullable<AdmissionInput['actionsPinned']>) => (owners ? { owners } : {});

function ceiling(input: NonNullable<AdmissionInput['permissionsMax']>) {
  const { other = 'none', ...scopes } = input;
  return { scopes, other };
}

/** `08:30` is 510. */
function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
