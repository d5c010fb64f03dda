import { describe, expect, it } from '@jest/globals';
import type { AdmissionRules } from '../../../lambdas/contracts/admission.ts';
import type { FactsDocument } from '../../../lambdas/contracts/facts.ts';
import { decide } from '../../../lambdas/core/admission/decide.ts';
import { poolOf, settingsOf } from '../fixtures.ts';
import { factsOf } from './facts.ts';

/** `allow`, or verdict and reason. */
const word = (rules: AdmissionRules, change: Partial<FactsDocument>): string => {
  const pool = poolOf({ admission: { publicRepositories: false, forks: false, rules } });
  const { verdict, reason } = decide(factsOf(change), pool, settingsOf());
  return reason === null ? verdict : `${verdict} ${reason}`;
};

const WINDOW = {
  timeZone: 'Europe/Berlin',
  days: ['mon', 'tue'] as ('mon' | 'tue')[],
  from: 8 * 60,
  to: 18 * 60,
};
const NIGHT = { ...WINDOW, from: 22 * 60, to: 6 * 60 };
const at = (text: string) => ({ at: Date.parse(text) });

describe('a rule for deployments', () => {
  it.each<[string, AdmissionRules, Partial<FactsDocument>, string]>([
    [
      'environments',
      { environments: { names: ['production'], reviewersMin: 1, branchPolicy: true } },
      {},
      'allow',
    ],
    [
      'environments: none targeted',
      { environments: { names: ['production'], reviewersMin: 0, branchPolicy: false } },
      { environment: null },
      'deny admission-environment',
    ],
    [
      'environments: another',
      { environments: { names: ['production'], reviewersMin: 0, branchPolicy: false } },
      { environment: 'Production' },
      'deny admission-environment',
    ],
    [
      'environments: invented by a workflow',
      { environments: { names: ['prod*'], reviewersMin: 1, branchPolicy: false } },
      { environment: 'prod2', protection: null },
      'deny fact-absent',
    ],
    [
      'environments: without reviewers',
      { environments: { names: ['production'], reviewersMin: 1, branchPolicy: false } },
      { protection: { reviewers: 0, hasBranchPolicy: true } },
      'deny admission-environment',
    ],
    [
      'environments: open to every branch',
      { environments: { names: ['production'], reviewersMin: 1, branchPolicy: true } },
      { protection: { reviewers: 2, hasBranchPolicy: false } },
      'deny admission-environment',
    ],
    ['codeowners', { codeowners: true }, {}, 'allow'],
    [
      'codeowners: a person',
      { codeowners: true },
      { codeowners: { owner: '@ann', isReviewRequired: true } },
      'deny admission-codeowners',
    ],
    [
      'codeowners: nobody',
      { codeowners: true },
      { codeowners: { owner: '', isReviewRequired: true } },
      'deny admission-codeowners',
    ],
    [
      'codeowners: without a required review',
      { codeowners: true },
      { codeowners: { owner: '@acme/platform', isReviewRequired: false } },
      'deny admission-codeowners',
    ],
    ['codeowners: no file', { codeowners: true }, { codeowners: null }, 'deny fact-absent'],
    ['checks', { checks: [{ name: 'build', appId: '15368' }] }, {}, 'allow'],
    ['checks: missing', { checks: [{ name: 'scan', appId: '15368' }] }, {}, 'deny admission-checks'],
    ['checks: of another App', { checks: [{ name: 'build', appId: '1' }] }, {}, 'deny admission-checks'],
    [
      'checks: red',
      { checks: [{ name: 'build', appId: '15368' }] },
      { checks: [{ name: 'build', appId: '15368', conclusion: 'failure' }] },
      'deny admission-checks',
    ],
    [
      'checks: still running',
      { checks: [{ name: 'build', appId: '15368' }] },
      { checks: [{ name: 'build', appId: '15368', conclusion: null }] },
      'hold admission-checks-pending',
    ],
    ['window: in summer, by local time', { window: WINDOW }, at('2026-07-06T06:00:00Z'), 'allow'],
    ['window: a minute too early', { window: WINDOW }, at('2026-07-06T05:59:00Z'), 'hold admission-window'],
    [
      'window: in winter, by local time',
      { window: WINDOW },
      at('2026-01-05T06:30:00Z'),
      'hold admission-window',
    ],
    ['window: its end is outside', { window: WINDOW }, at('2026-07-06T16:00:00Z'), 'hold admission-window'],
    ['window: another day', { window: WINDOW }, at('2026-07-08T10:00:00Z'), 'hold admission-window'],
    ['window: over midnight, the evening', { window: NIGHT }, at('2026-07-07T21:00:00Z'), 'allow'],
    ['window: over midnight, the morning after', { window: NIGHT }, at('2026-07-08T03:00:00Z'), 'allow'],
    [
      'window: over midnight, the morning before',
      { window: NIGHT },
      at('2026-07-06T03:00:00Z'),
      'hold admission-window',
    ],
  ])('%s', (_what, rules, change, expected) => {
    expect(word(rules, change)).toBe(expected);
  });
});
