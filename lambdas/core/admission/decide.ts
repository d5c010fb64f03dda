import type { AdmissionRules, RuleName } from '../../contracts/admission.ts';
import type { FactName, FactsDocument, RuleResult } from '../../contracts/facts.ts';
import type { Reason } from '../../contracts/reasons.ts';
import type { Pool, Settings } from '../../contracts/settings.ts';
import * as deployRules from './deploy-rules.ts';
import { allow, deny, missing, type Rule, type Ruling } from './ruling.ts';
import * as runRules from './run-rules.ts';
import * as workflowRules from './workflow-rules.ts';

/** The one place where a job is admitted: live before the launch, again before its first step, and offline. */

const RULES: { readonly [N in RuleName]: Rule<N> } = {
  repositories: runRules.repositories,
  visibilities: runRules.visibilities,
  events: runRules.events,
  refs: runRules.refs,
  actors: runRules.actors,
  workflows: runRules.workflows,
  reusable: runRules.reusable,
  workflowUnchanged: workflowRules.workflowUnchanged,
  actionsPinned: workflowRules.actionsPinned,
  permissionsMax: workflowRules.permissionsMax,
  environments: deployRules.environments,
  codeowners: deployRules.codeowners,
  checks: deployRules.checks,
  window: deployRules.window,
};

const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];

export interface AdmissionDecision {
  readonly verdict: 'allow' | 'deny' | 'hold';
  /** Of the rule that decided; null when the job is allowed. */
  readonly reason: Reason | null;
  /** Every rule's word, in a fixed order: the owner, then what the pool asks. */
  readonly rules: readonly RuleResult[];
  /** What the rules would have decided; differs from `verdict` only in a pool that observes. */
  readonly observed: 'allow' | 'deny' | 'hold';
}

/** Facts that the rules of a pool rest on: what is worth a call. */
export function factsNeeded({ admission }: Pick<Pool, 'admission'>): ReadonlySet<FactName> {
  const needs = RULE_NAMES.flatMap((name) =>
    admission.rules?.[name] === undefined ? [] : RULES[name].needs,
  );
  return new Set<FactName>(['run', ...needs]);
}

/**
 * Deny wins over hold, hold over allow. Owners, public repositories and forks are judged first and always enforced; the
 * rules of the pool are enforced or, where it observes, only recorded.
 */
export function decide(facts: FactsDocument, pool: Pool, settings: Settings): AdmissionDecision {
  const base = [
    named('owner', owner(facts, settings)),
    named('public', openToAll(facts, pool)),
    named('fork', fork(facts, pool)),
  ];
  const { rules = {}, mode = 'enforce' } = pool.admission;
  const own = RULE_NAMES.flatMap((name) => {
    const ruling = judged(name, rules, facts);
    return ruling === undefined ? [] : [named(name, ruling)];
  });
  const enforced = mode === 'enforce' ? [...base, ...own] : base;
  const deciding = worst(enforced);
  return {
    verdict: deciding?.verdict ?? 'allow',
    reason: deciding?.reason ?? null,
    rules: [...base, ...own].map(({ rule, verdict, reason, says }) => ({ rule, verdict, reason, says })),
    observed: worst([...base, ...own])?.verdict ?? 'allow',
  };
}

function judged<N extends RuleName>(
  name: N,
  rules: AdmissionRules,
  facts: FactsDocument,
): Ruling | undefined {
  const wanted = rules[name];
  return wanted === undefined ? undefined : RULES[name].judge(wanted, facts);
}

type Named = Omit<RuleResult, 'reason'> & { readonly reason: Reason | null };

const named = (rule: string, ruling: Ruling): Named => ({
  rule,
  verdict: ruling.verdict,
  reason: ruling.verdict === 'allow' ? null : ruling.reason,
  says: ruling.says,
});

const worst = (results: readonly Named[]): Named | undefined =>
  results.find(({ verdict }) => verdict === 'deny') ?? results.find(({ verdict }) => verdict === 'hold');

function owner({ repository }: FactsDocument, { github }: Settings): Ruling {
  return github.owners.includes(repository.ownerLogin.toLowerCase())
    ? allow(`${repository.ownerLogin} is on the allow-list`)
    : deny('owner-not-allowed', `${repository.ownerLogin} is not on the allow-list`);
}

function openToAll({ repository }: FactsDocument, { admission }: Pool): Ruling {
  if (repository.visibility !== 'public') return allow(`the repository is ${repository.visibility}`);
  return admission.publicRepositories
    ? allow('the pool admits public repositories')
    : deny('repository-public', 'the repository is public');
}

/** A deleted head repository (null) was a fork; `head_repository.fork` says nothing of it (github-protocol §8.2). */
function fork({ run, repository }: FactsDocument, { admission }: Pool): Ruling {
  if (run === null) return deny('run-unknown', 'GitHub does not know the run');
  if (run === undefined) return missing('run', run);
  const isFork = run.headRepositoryId !== repository.id || run.repositoryId !== repository.id;
  if (!isFork) return allow('the code is the repository’s own');
  return admission.forks
    ? allow('the pool admits forks')
    : deny('run-from-fork', 'the code comes from a fork');
}
