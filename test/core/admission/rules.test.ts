import { describe, expect, it } from '@jest/globals';
import type { AdmissionRules } from '../../../lambdas/contracts/admission.ts';
import type { FactsDocument } from '../../../lambdas/contracts/facts.ts';
import { decide } from '../../../lambdas/core/admission/decide.ts';
import { eventOf, poolOf, settingsOf } from '../fixtures.ts';
import { factsOf, runOf, SHA, workflowOf } from './facts.ts';

const { repository } = eventOf();
/** `allow`, or verdict and reason. */
const word = (rules: AdmissionRules, change: Partial<FactsDocument>): string => {
  const pool = poolOf({ admission: { publicRepositories: false, forks: false, rules } });
  const { verdict, reason } = decide(factsOf(change), pool, settingsOf());
  return reason === null ? verdict : `${verdict} ${reason}`;
};

/** What a workflow author would write to have the name of the action come from elsewhere. */
const EXPRESSION = `$${'{{ x }}'}/y@v1`;

const REFS = { branches: ['main', 'release/*'], tags: ['v*'] };
const asRef = (headBranch: string | null, ref: FactsDocument['ref'], event = 'push') => ({
  run: runOf({ headBranch, event }),
  ref,
});
const BRANCH = { isBranch: true, isTag: false, isProtected: false };
const TAG = { isBranch: false, isTag: true, isProtected: false };
const BOTH = { isBranch: true, isTag: true, isProtected: true };
const called = (path: string) => ({ run: runOf({ referencedWorkflows: [{ path, sha: SHA }] }) });
const MAX = { contents: 'read', 'id-token': 'write' } as const;
const granting = (permissions: string) => ({
  workflow: workflowOf(`jobs: { a: { permissions: ${permissions}, steps: [] } }`),
});
const using = (uses: string) => ({ workflow: workflowOf(`jobs: { a: { steps: [ { uses: "${uses}" } ] } }`) });
describe('a rule', () => {
  it.each<[string, AdmissionRules, Partial<FactsDocument>, string]>([
    ['repositories: the id counts', { repositories: ['7'] }, {}, 'allow'],
    [
      'repositories: a renamed repository keeps its id',
      { repositories: ['7'] },
      { repository: { ...repository, fullName: 'acme/renamed' } },
      'allow',
    ],
    [
      'repositories: one recreated under the old name has another id',
      { repositories: ['7'] },
      { repository: { ...repository, id: '8' }, run: runOf({ repositoryId: '8', headRepositoryId: '8' }) },
      'deny admission-repository',
    ],
    ['visibilities', { visibilities: ['private'] }, {}, 'allow'],
    [
      'visibilities: another kind',
      { visibilities: ['private'] },
      { repository: { ...repository, visibility: 'internal' } },
      'deny admission-visibility',
    ],
    ['events', { events: ['push'] }, {}, 'allow'],
    [
      'events: another',
      { events: ['push'] },
      { run: runOf({ event: 'pull_request_target' }) },
      'deny admission-event',
    ],
    [
      'events: one that is new',
      { events: ['push'] },
      { run: runOf({ event: 'brand_new' }) },
      'deny admission-event',
    ],
    ['refs: a branch', { refs: REFS }, asRef('main', BRANCH), 'allow'],
    ['refs: another branch', { refs: REFS }, asRef('mainx', BRANCH), 'deny admission-ref'],
    ['refs: a tag', { refs: REFS }, asRef('v1', TAG), 'allow'],
    ['refs: a branch named like a tag', { refs: REFS }, asRef('v1', BRANCH), 'deny admission-ref'],
    ['refs: a tag named like a branch', { refs: REFS }, asRef('main', TAG), 'deny admission-ref'],
    ['refs: a name that is both', { refs: REFS }, asRef('v1', BOTH), 'deny admission-ref'],
    [
      'refs: a deleted branch',
      { refs: REFS },
      asRef('main', { ...BRANCH, isBranch: false }),
      'deny admission-ref',
    ],
    ['refs: a ref that GitHub does not know', { refs: REFS }, asRef('main', null), 'deny fact-absent'],
    ['refs: a ref that cannot be fetched', { refs: REFS }, asRef('main', undefined), 'hold fact-unreachable'],
    ['refs: no ref at all', { refs: REFS }, asRef(null, BRANCH), 'deny admission-ref'],
    [
      'refs: a pull request from a branch named main',
      { refs: REFS },
      asRef('main', BRANCH, 'pull_request'),
      'deny admission-ref',
    ],
    [
      'refs: a target event',
      { refs: REFS },
      asRef('main', BRANCH, 'pull_request_target'),
      'deny admission-ref',
    ],
    [
      'refs: a run caused by a run',
      { refs: REFS },
      asRef('main', BRANCH, 'workflow_run'),
      'deny admission-ref',
    ],
    ['actors: both may', { actors: { permission: 'write', bots: [] } }, {}, 'allow'],
    [
      'actors: the first may not',
      { actors: { permission: 'maintain', bots: [] } },
      {},
      'deny admission-actor',
    ],
    [
      'actors: a maintainer runs the attempt of an outsider again',
      { actors: { permission: 'write', bots: [] } },
      { permissions: { actor: 'read', triggeringActor: 'admin' } },
      'deny admission-actor',
    ],
    [
      'actors: an outsider runs the attempt of a maintainer again',
      { actors: { permission: 'write', bots: [] } },
      { permissions: { actor: 'admin', triggeringActor: 'none' } },
      'deny admission-actor',
    ],
    [
      'actors: a named bot',
      { actors: { permission: 'admin', bots: ['21'] } },
      { permissions: null },
      'allow',
    ],
    [
      'actors: a ghost',
      { actors: { permission: 'read', bots: ['21'] } },
      { run: runOf({ actor: null }) },
      'deny admission-actor',
    ],
    [
      'actors: unreachable',
      { actors: { permission: 'read', bots: [] } },
      { permissions: undefined },
      'hold fact-unreachable',
    ],
    ['workflows', { workflows: ['.github/workflows/deploy.yml'] }, {}, 'allow'],
    [
      'workflows: with a ref behind the path',
      { workflows: ['.github/workflows/deploy.yml'] },
      { run: runOf({ path: '.github/workflows/deploy.yml@refs/heads/main' }) },
      'allow',
    ],
    [
      'workflows: the same file name elsewhere',
      { workflows: ['.github/workflows/deploy.yml'] },
      { run: runOf({ path: 'x/.github/workflows/deploy.yml' }) },
      'deny admission-workflow',
    ],
    ['reusable: none called', { reusable: { pinned: true } }, {}, 'allow'],
    [
      'reusable: by its SHA',
      { reusable: { pinned: true } },
      called(`acme/ci/.github/workflows/x.yml@${SHA}`),
      'allow',
    ],
    [
      'reusable: by a tag',
      { reusable: { pinned: true } },
      called('acme/ci/.github/workflows/x.yml@v1'),
      'deny admission-reusable',
    ],
    [
      'reusable: by another SHA than what ran',
      { reusable: { pinned: true } },
      called(`acme/ci/.github/workflows/x.yml@${'c'.repeat(40)}`),
      'deny admission-reusable',
    ],
    [
      'reusable: one that is nested and foreign',
      { reusable: { pinned: false, allowed: ['acme/ci/**'] } },
      {
        run: runOf({
          referencedWorkflows: [
            { path: 'acme/ci/.github/workflows/x.yml@v1', sha: SHA },
            { path: 'mallory/ci/.github/workflows/y.yml@v1', sha: SHA },
          ],
        }),
      },
      'deny admission-reusable',
    ],
    ['workflowUnchanged', { workflowUnchanged: true }, {}, 'allow'],
    [
      'workflowUnchanged: another blob',
      { workflowUnchanged: true },
      { defaultBlob: 'c'.repeat(40) },
      'deny admission-workflow-changed',
    ],
    [
      'workflowUnchanged: another blob on a protected branch',
      { workflowUnchanged: true },
      { defaultBlob: 'c'.repeat(40), ref: { ...BRANCH, isProtected: true } },
      'allow',
    ],
    [
      'workflowUnchanged: a pull request whose branch has the name of a protected one',
      { workflowUnchanged: true },
      {
        defaultBlob: 'c'.repeat(40),
        ref: { ...BRANCH, isProtected: true },
        run: runOf({ event: 'pull_request' }),
      },
      'deny admission-workflow-changed',
    ],
    [
      'workflowUnchanged: a protected branch with a tag of its name',
      { workflowUnchanged: true },
      { defaultBlob: 'c'.repeat(40), ref: BOTH },
      'deny admission-workflow-changed',
    ],
    ['workflowUnchanged: a new file', { workflowUnchanged: true }, { defaultBlob: null }, 'deny fact-absent'],
    [
      'workflowUnchanged: unreachable',
      { workflowUnchanged: true },
      { workflow: undefined },
      'hold fact-unreachable',
    ],
    ['actionsPinned', { actionsPinned: {} }, {}, 'allow'],
    ['actionsPinned: a tag', { actionsPinned: {} }, using('actions/checkout@v4'), 'deny admission-actions'],
    [
      'actionsPinned: a short SHA',
      { actionsPinned: {} },
      using('actions/checkout@a5ac7e5'),
      'deny admission-actions',
    ],
    [
      'actionsPinned: an image by its tag',
      { actionsPinned: {} },
      using('docker://alpine:3'),
      'deny admission-actions',
    ],
    [
      'actionsPinned: an expression that the lock file names',
      { actionsPinned: {} },
      { ...using(EXPRESSION), lockedActions: [EXPRESSION] },
      'deny admission-actions',
    ],
    [
      'actionsPinned: a tag that is locked',
      { actionsPinned: {} },
      { ...using('Actions/checkout@v4'), lockedActions: ['actions/checkout@v4'] },
      'allow',
    ],
    [
      'actionsPinned: an action inside a locked repository',
      { actionsPinned: {} },
      { ...using('actions/cache/restore@v4'), lockedActions: ['actions/cache@v4'] },
      'allow',
    ],
    [
      'actionsPinned: a called workflow that the lock file names',
      { actionsPinned: {} },
      {
        workflow: workflowOf('jobs: { a: { uses: acme/ci/.github/workflows/x.yml@v1 } }'),
        lockedActions: ['acme/ci@v1'],
      },
      'deny admission-actions',
    ],
    [
      'actionsPinned: a tag with a stale lock',
      { actionsPinned: {} },
      { ...using('actions/checkout@v5'), lockedActions: ['actions/checkout@v4'] },
      'deny admission-actions',
    ],
    [
      'actionsPinned: a lock that cannot be fetched',
      { actionsPinned: {} },
      { ...using('actions/checkout@v4'), lockedActions: undefined },
      'hold fact-unreachable',
    ],
    ['actionsPinned: an owner on the list', { actionsPinned: { owners: ['Actions'] } }, {}, 'allow'],
    ['actionsPinned: another owner', { actionsPinned: { owners: ['acme'] } }, {}, 'deny admission-actions'],
    [
      'actionsPinned: a file that cannot be judged',
      { actionsPinned: {} },
      { workflow: workflowOf('jobs: [') },
      'deny workflow-unreadable',
    ],
    ['permissionsMax', { permissionsMax: { scopes: MAX, other: 'none' } }, {}, 'allow'],
    [
      'permissionsMax: more than the ceiling',
      { permissionsMax: { scopes: MAX, other: 'none' } },
      granting('{ contents: write }'),
      'deny admission-permissions',
    ],
    [
      'permissionsMax: a kind that is not named',
      { permissionsMax: { scopes: MAX, other: 'none' } },
      granting('{ packages: read }'),
      'deny admission-permissions',
    ],
    [
      'permissionsMax: everything read',
      { permissionsMax: { scopes: MAX, other: 'read' } },
      granting('read-all'),
      'allow',
    ],
    [
      'permissionsMax: everything written',
      { permissionsMax: { scopes: MAX, other: 'write' } },
      granting('write-all'),
      'deny admission-permissions',
    ],
    [
      'permissionsMax: nothing said',
      { permissionsMax: { scopes: MAX, other: 'write' } },
      { workflow: workflowOf('jobs: { a: { steps: [] } }') },
      'deny admission-permissions',
    ],
  ])('%s', (_what, rules, change, expected) => {
    expect(word(rules, change)).toBe(expected);
  });
});
