import { type AdmissionRules, PERMISSIONS, type RuleName } from '../../contracts/admission.ts';
import type { FactsDocument, RunFacts } from '../../contracts/facts.ts';
import { matchesAny } from './patterns.ts';
import { allow, deny, listed, missing, type Rule, type Ruling } from './ruling.ts';

/** Rules over what GitHub says of the repository and the run. */

export const repositories: Rule<'repositories'> = {
  needs: [],
  judge: (ids, { repository }) =>
    ids.includes(repository.id)
      ? allow(`repository ${repository.id} is on the list`)
      : deny(
          'admission-repository',
          `repository ${repository.id} (${repository.fullName}) is not on the list`,
        ),
};

export const visibilities: Rule<'visibilities'> = {
  needs: [],
  judge: (wanted, { repository: { visibility } }) =>
    wanted.includes(visibility)
      ? allow(`the repository is ${visibility}`)
      : deny('admission-visibility', `want a repository that is ${wanted.join(' or ')}, got ${visibility}`),
};

export const events: Rule<'events'> = {
  needs: ['run'],
  judge: (wanted, facts) =>
    withRun(facts, ({ event }) =>
      wanted.includes(event)
        ? allow(`the event is ${event}`)
        : deny('admission-event', `want the event ${listed(wanted)}, got ${event}`),
    ),
};

/**
 * Events whose `head_branch` is the ref that runs. Of all others it names something else (the branch of a pull request,
 * say), so that a rule on refs can never be satisfied by them.
 */
const REF_EVENTS: readonly string[] = [
  'push',
  'workflow_dispatch',
  'schedule',
  'create',
  'merge_group',
  'repository_dispatch',
];
export const runsItsHeadRef = (event: string): boolean => REF_EVENTS.includes(event);

export const refs: Rule<'refs'> = {
  needs: ['run', 'ref'],
  judge: (wanted, facts) =>
    withRun(facts, ({ event, headBranch }) => {
      if (!runsItsHeadRef(event)) return deny('admission-ref', `${event} runs no branch or tag of its own`);
      if (headBranch === null) return deny('admission-ref', 'the run names no branch or tag');
      if (facts.ref === undefined || facts.ref === null) return missing('ref', facts.ref);
      return refRuling(wanted, headBranch, facts.ref);
    }),
};

/** A branch named like a tag is both: then both lists must admit it. */
function refRuling(
  wanted: NonNullable<AdmissionRules['refs']>,
  name: string,
  { isBranch, isTag }: NonNullable<FactsDocument['ref']>,
): Ruling {
  const kinds = [...(isBranch ? (['branches'] as const) : []), ...(isTag ? (['tags'] as const) : [])];
  if (kinds.length === 0) return deny('admission-ref', `${name} is neither a branch nor a tag any more`);
  const refused = kinds.find((kind) => !matchesAny(wanted[kind], name));
  if (refused === undefined) return allow(`${name} is among the ${kinds.join(' and ')} of the pool`);
  const also = kinds.length === 2 ? ' (a branch and a tag have this name)' : '';
  return deny('admission-ref', `${name} is not among the ${refused} of the pool${also}`);
}

export const actors: Rule<'actors'> = {
  needs: ['run', 'permissions'],
  judge: ({ permission, bots }, facts) =>
    withRun(facts, ({ actor, triggeringActor }) => {
      const people = [['actor', actor] as const, ['triggeringActor', triggeringActor] as const];
      for (const [role, person] of people) {
        if (person === null) return deny('admission-actor', `the run has no ${role}`);
        if (bots.includes(person.id)) continue;
        if (facts.permissions === undefined || facts.permissions === null)
          return missing('permissions', facts.permissions);
        const has = facts.permissions[role];
        if (PERMISSIONS.indexOf(has) < PERMISSIONS.indexOf(permission))
          return deny('admission-actor', `want ${permission} for ${role} ${person.login}, got ${has}`);
      }
      return allow(`whoever started the run has ${permission}, or is a named bot`);
    }),
};

export const workflows: Rule<'workflows'> = {
  needs: ['run'],
  judge: (wanted, facts) =>
    withRun(facts, (run) => {
      const path = pathOf(run);
      return matchesAny(wanted, path)
        ? allow(`${path} is among the workflows of the pool`)
        : deny('admission-workflow', `want the workflow ${listed(wanted)}, got ${path}`);
    }),
};

/** GitHub may append `@ref` to the path. */
export const pathOf = ({ path }: Pick<RunFacts, 'path'>): string => path.split('@')[0] ?? path;

export const reusable: Rule<'reusable'> = {
  needs: ['run'],
  judge: ({ allowed, pinned }, facts) =>
    withRun(facts, ({ referencedWorkflows }) => {
      for (const { path, sha } of referencedWorkflows) {
        const [file = '', ref = ''] = path.split('@');
        if (allowed !== undefined && !matchesAny(allowed, file))
          return deny('admission-reusable', `the workflow ${file} may not be called`);
        // A workflow of the same commit (no ref) moves only with the run itself.
        if (pinned && ref !== '' && ref !== sha)
          return deny('admission-reusable', `want ${file} called by its full SHA, got @${ref}`);
      }
      return allow(`${referencedWorkflows.length} called workflows are admitted`);
    }),
};

export function withRun(facts: FactsDocument, judge: (run: RunFacts) => Ruling): Ruling {
  const { run } = facts;
  return run === undefined || run === null ? missing('run', run) : judge(run);
}

export type RunRuleName = Extract<
  RuleName,
  'repositories' | 'visibilities' | 'events' | 'refs' | 'actors' | 'workflows' | 'reusable'
>;
