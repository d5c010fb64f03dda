import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AdmissionRules } from '../../../lambdas/contracts/admission.ts';
import type { FactsDocument } from '../../../lambdas/contracts/facts.ts';
import { decide, factsNeeded } from '../../../lambdas/core/admission/decide.ts';
import { eventOf, poolOf, settingsOf } from '../fixtures.ts';
import { BLOB, factsOf, runOf, workflowOf } from './facts.ts';

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const level = fc.constantFrom('none', 'read', 'write', 'admin');
const access = fc.constantFrom('none', 'read', 'write');

const rules: fc.Arbitrary<AdmissionRules> = fc.record(
  {
    repositories: fc.constantFrom(['7'], ['8']),
    visibilities: fc.constantFrom(['private' as const], ['internal' as const]),
    events: fc.constantFrom(['push'], ['push', 'pull_request'], ['schedule']),
    refs: fc.constantFrom(
      { branches: ['main'], tags: [] },
      { branches: [], tags: ['**'] },
      { branches: ['**'], tags: ['**'] },
    ),
    actors: fc.record({ permission: level, bots: fc.constantFrom([], ['21']) }),
    workflows: fc.constantFrom(['**'], ['x']),
    reusable: fc.record({ pinned: fc.boolean() }),
    workflowUnchanged: fc.constant(true as const),
    actionsPinned: fc.constantFrom({}, { owners: ['acme'] }),
    permissionsMax: fc.record({ scopes: fc.record({ contents: access }), other: access }),
    environments: fc.record({
      names: fc.constantFrom(['**'], ['x']),
      reviewersMin: fc.nat(3),
      branchPolicy: fc.boolean(),
    }),
    codeowners: fc.constant(true as const),
    checks: fc.constantFrom([{ name: 'build', appId: '15368' }], [{ name: 'scan', appId: '1' }]),
    window: fc.record({
      timeZone: fc.constantFrom('UTC', 'Asia/Kolkata'),
      days: fc.constantFrom(['mon' as const], ['thu' as const, 'fri' as const]),
      from: fc.nat(1440),
      to: fc.nat(1440),
    }),
  },
  { requiredKeys: [] },
);

const facts: fc.Arbitrary<FactsDocument> = fc
  .record({
    at: fc.nat({ max: 2_000_000_000_000 }),
    environment: maybe(fc.constantFrom(null, 'production')),
    run: maybe(
      fc.oneof(
        fc.constant(null),
        fc
          .record({
            event: fc.constantFrom('push', 'pull_request', 'schedule'),
            headBranch: fc.constantFrom('main', 'v1', null),
            headRepositoryId: fc.constantFrom('7', '8', null),
          })
          .map((change) => runOf(change)),
      ),
    ),
    ref: maybe(
      fc.oneof(
        fc.constant(null),
        fc.record({ isBranch: fc.boolean(), isTag: fc.boolean(), isProtected: fc.boolean() }),
      ),
    ),
    permissions: maybe(fc.oneof(fc.constant(null), fc.record({ actor: level, triggeringActor: level }))),
    workflow: maybe(
      fc.constantFrom(
        null,
        workflowOf(),
        workflowOf('jobs: { a: { steps: [ { uses: a/b@v1 } ] } }'),
        workflowOf('no'),
      ),
    ),
    defaultBlob: maybe(fc.constantFrom(null, BLOB, 'c'.repeat(40))),
    lockedActions: maybe(fc.constantFrom<string[] | null>(null, ['a/b@v1'])),
    protection: maybe(
      fc.oneof(fc.constant(null), fc.record({ reviewers: fc.nat(3), hasBranchPolicy: fc.boolean() })),
    ),
    codeowners: maybe(fc.constantFrom(null, { owner: '@acme/ops', isReviewRequired: true })),
    checks: maybe<FactsDocument['checks']>(
      fc.constantFrom(null, [], [{ name: 'build', appId: '15368', conclusion: 'success' }]),
    ),
  })
  .map((change) => factsOf({ ...change, repository: eventOf().repository }));

const FACT_NAMES = [
  'environment',
  'run',
  'ref',
  'permissions',
  'workflow',
  'defaultBlob',
  'lockedActions',
  'protection',
  'codeowners',
  'checks',
] as const;
const poolWith = (some: AdmissionRules) =>
  poolOf({ admission: { publicRepositories: false, forks: false, rules: some } });
const verdict = (some: AdmissionRules, known: FactsDocument) =>
  decide(known, poolWith(some), settingsOf()).verdict;
const HARSHNESS = { allow: 0, hold: 1, deny: 2 };

describe('admission', () => {
  it('never allows more when a rule is added', () => {
    fc.assert(
      fc.property(rules, rules, facts, (some, more, known) => {
        const fewer = verdict(some, known);
        expect(HARSHNESS[verdict({ ...more, ...some }, known)]).toBeGreaterThanOrEqual(HARSHNESS[fewer]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never allows for want of a fact what it would not allow knowing it', () => {
    fc.assert(
      fc.property(rules, facts, fc.subarray([...FACT_NAMES]), (some, known, unknown) => {
        const less = { ...known };
        for (const name of unknown) less[name] = undefined;
        if (verdict(some, less) === 'allow') expect(verdict(some, known)).toBe('allow');
      }),
      { numRuns: 3_000 },
    );
  });

  it('rests on the facts that it says it needs, and on no other', () => {
    fc.assert(
      fc.property(rules, facts, (some, known) => {
        const needed = factsNeeded(poolWith(some));
        const bare = { ...known };
        for (const name of FACT_NAMES) if (!needed.has(name)) bare[name] = undefined;
        expect(decide(bare, poolWith(some), settingsOf())).toEqual(
          decide(known, poolWith(some), settingsOf()),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('has a word of every rule, so that a person sees what else stands in the way', () => {
    fc.assert(
      fc.property(rules, facts, (some, known) => {
        const told = decide(known, poolWith(some), settingsOf()).rules.map(({ rule }) => rule);
        const names = Object.keys(some).filter((name) => Reflect.get(some, name) !== undefined);
        expect(new Set(told)).toEqual(new Set(['owner', 'public', 'fork', ...names]));
      }),
    );
  });
});
