import { describe, expect, it } from '@jest/globals';
import type { AdmissionRules } from '../../../lambdas/contracts/admission.ts';
import type { FactsDocument } from '../../../lambdas/contracts/facts.ts';
import { decide, factsNeeded } from '../../../lambdas/core/admission/decide.ts';
import { eventOf, poolOf, settingsOf } from '../fixtures.ts';
import { factsOf, runOf } from './facts.ts';

const { repository } = eventOf();
const poolWith = (rules: AdmissionRules, mode: 'enforce' | 'observe' = 'enforce') =>
  poolOf({ admission: { publicRepositories: false, forks: false, mode, rules } });
const decided = (rules: AdmissionRules, change: Partial<FactsDocument> = {}, mode?: 'observe') =>
  decide(factsOf(change), poolWith(rules, mode), settingsOf());
/** `allow`, or verdict and reason. */
const word = (rules: AdmissionRules, change: Partial<FactsDocument> = {}): string => {
  const { verdict, reason } = decided(rules, change);
  return reason === null ? verdict : `${verdict} ${reason}`;
};

describe('without rules', () => {
  it('a job of an owner on the list, private and no fork, is allowed', () => {
    expect(word({})).toBe('allow');
  });

  it.each<[string, Partial<FactsDocument>, string]>([
    ['a foreign owner', { repository: { ...repository, ownerLogin: 'mallory' } }, 'deny owner-not-allowed'],
    ['an owner in other case', { repository: { ...repository, ownerLogin: 'ACME' } }, 'allow'],
    [
      'a public repository',
      { repository: { ...repository, visibility: 'public' } },
      'deny repository-public',
    ],
    ['an internal repository', { repository: { ...repository, visibility: 'internal' } }, 'allow'],
    ['a fork', { run: runOf({ headRepositoryId: '8' }) }, 'deny run-from-fork'],
    ['a deleted fork', { run: runOf({ headRepositoryId: null }) }, 'deny run-from-fork'],
    ['a run of another repository', { run: runOf({ repositoryId: '8' }) }, 'deny run-from-fork'],
    ['a run that GitHub does not know', { run: null }, 'deny run-unknown'],
    ['a run that cannot be fetched', { run: undefined }, 'hold fact-unreachable'],
  ])('%s', (_what, change, expected) => {
    expect(word({}, change)).toBe(expected);
  });
});

describe('a pool that says so', () => {
  it('admits public repositories, and forks', () => {
    const open = poolOf({ admission: { publicRepositories: true, forks: true } });
    const facts = factsOf({
      repository: { ...repository, visibility: 'public' },
      run: runOf({ headRepositoryId: '8' }),
    });
    expect(decide(facts, open, settingsOf()).verdict).toBe('allow');
    expect(decide(facts, poolOf(), settingsOf()).reason).toBe('repository-public');
  });
});

describe('a rule', () => {
  it('that denies wins over one that holds, whatever their order', () => {
    const rules: AdmissionRules = { checks: [{ name: 'build', appId: '15368' }], events: ['schedule'] };
    expect(word(rules, { checks: undefined })).toBe('deny admission-event');
  });

  it('says what was wanted and what was got, without control characters and bounded', () => {
    const loud = `x\n${'y'.repeat(400)}`;
    const { rules } = decided(
      { environments: { names: ['p'], reviewersMin: 0, branchPolicy: false } },
      { environment: loud },
    );
    const says = rules.at(-1)?.says ?? '';
    expect(says).toContain('want the environment p, got x y');
    expect(says.length).toBeLessThanOrEqual(300);
    expect(says).not.toMatch(/\p{Cc}/u);
  });
});

describe('a pool that observes', () => {
  it('allows what its rules would deny, and says what they would', () => {
    const seen = decided({ events: ['schedule'] }, {}, 'observe');
    expect(seen).toMatchObject({ verdict: 'allow', reason: null, observed: 'deny' });
    expect(seen.rules.at(-1)).toMatchObject({ rule: 'events', verdict: 'deny', reason: 'admission-event' });
  });

  it('still denies forks, public repositories and foreign owners', () => {
    expect(decided({}, { run: runOf({ headRepositoryId: '8' }) }, 'observe').verdict).toBe('deny');
  });
});

describe('the facts that are asked for', () => {
  it('are only those that a rule rests on', () => {
    expect([...factsNeeded(poolWith({}))]).toEqual(['run']);
    expect(factsNeeded(poolWith({ workflowUnchanged: true }))).toEqual(
      new Set(['run', 'ref', 'workflow', 'defaultBlob']),
    );
  });

  it('are all that any decision looks at', () => {
    // Without the facts that were not asked for, a rule must come to the same decision.
    const rules: AdmissionRules = {
      environments: { names: ['production'], reviewersMin: 1, branchPolicy: true },
    };
    const { environment, protection, run } = factsOf();
    const bare: FactsDocument = {
      ...{ v: 1, at: 0, jobId: '100', labels: [], pool: 'p' },
      repository,
      environment,
      protection,
      run,
    };
    expect(decide(bare, poolWith(rules), settingsOf()).verdict).toBe('allow');
  });
});
