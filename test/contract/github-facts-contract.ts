import { expect, it } from '@jest/globals';
import { GATHERED, type GatheredName } from '../../lambdas/contracts/facts.ts';
import { launcherPermissions } from '../../local/github/accounts.ts';
import { blobShaOf } from '../../local/github/content.ts';
import type { Make } from './github-contract.ts';
import type { GitHubRig } from './github-world.ts';
import { value } from './ledger-contract.ts';

const SHA = 'a5ac7e51b41094c92402da3b24376905380afc29';
const FILE = `permissions: { contents: read }\njobs: { build: { steps: [ { uses: actions/checkout@v4 } ] } }\n`;
const CHANGED = FILE.replace('read', 'write');
const PATH = '.github/workflows/ci.yml';
const LOCK = `version: 'v0.0.2'
workflows: { '${PATH}': ['actions/checkout@v4'] }
dependencies: { 'actions/checkout@v4': { ref: v4, commit: 'sha1-${SHA}' } }
`;
const PERMISSIONS = { ...launcherPermissions, contents: 'read', checks: 'read' } as const;

const rigWith = async (make: Make): Promise<GitHubRig> => make({ permissions: PERMISSIONS });

async function gathered(rig: GitHubRig, event: string, names: readonly GatheredName[] = GATHERED) {
  const { runId } = rig.startRun({ event, actor: 'octocat', headBranch: 'main', headSha: SHA, path: PATH });
  const run = value(await rig.github.run(rig.organization, 'acme/app', runId));
  if (run === undefined) throw new Error('want a run');
  const wish = { names: new Set(names), run, environment: 'production' };
  return value(await rig.github.facts(rig.organization, 'acme/app', wish));
}

/** The cases about facts that every implementation of the GitHub port passes. */
export function itGathersFacts(make: Make): void {
  it('gathers what a rule rests on, each fact from where it truly stands', async () => {
    const rig = await rigWith(make);
    rig.model.setContent('acme/app', {
      files: { [PATH]: FILE, [LOCK_PATH]: LOCK, '.github/CODEOWNERS': '.github/ @acme/ci' },
      commits: { [SHA]: { [PATH]: CHANGED, [LOCK_PATH]: LOCK } },
      branches: { main: { isProtected: false } },
      tags: ['main'],
      permissions: { octocat: 'maintain' },
      environments: { production: { reviewers: 2, hasBranchPolicy: true } },
      rules: { main: { codeOwnerReview: true } },
      checks: {
        [SHA]: [
          { name: 'build', appId: 15_368, conclusion: 'success' },
          { name: 'scan', appId: 7, conclusion: null },
        ],
      },
    });
    const { facts, faults } = await gathered(rig, 'push');
    expect(faults).toEqual({});
    expect(facts).toEqual({
      ref: { isBranch: true, isTag: true, isProtected: true },
      permissions: { actor: 'maintain', triggeringActor: 'maintain' },
      workflow: {
        isExact: true,
        blob: blobShaOf(CHANGED),
        file: {
          actions: [{ what: 'action', text: 'actions/checkout@v4', line: 2, pin: 'loose' }],
          permissions: [{ job: 'build', granted: { all: 'none', scopes: { contents: 'write' } } }],
        },
        why: null,
      },
      defaultBlob: blobShaOf(FILE),
      lockedActions: ['actions/checkout@v4'],
      protection: { reviewers: 2, hasBranchPolicy: true },
      codeowners: { owner: '@acme/ci', isReviewRequired: true },
      checks: [
        { name: 'build', appId: '15368', conclusion: 'success' },
        { name: 'scan', appId: '7', conclusion: null },
      ],
    });
  });

  it.each([
    ['push', CHANGED, true],
    ['pull_request', CHANGED, false],
    ['pull_request_target', FILE, false],
    ['issue_comment', FILE, false],
    ['workflow_run', FILE, false],
    ['something_new', FILE, false],
  ])('reads the file that %s runs', async (event, file, isExact) => {
    const rig = await rigWith(make);
    rig.model.setContent('acme/app', { files: { [PATH]: FILE }, commits: { [SHA]: { [PATH]: CHANGED } } });
    const { facts } = await gathered(rig, event, ['workflow']);
    expect(facts.workflow).toMatchObject({ blob: blobShaOf(file), isExact });
  });

  it('gives null for what GitHub says is not there', async () => {
    const rig = await rigWith(make);
    const { facts, faults } = await gathered(rig, 'push');
    expect(faults).toEqual({});
    expect(facts).toEqual({
      ref: { isBranch: true, isTag: false, isProtected: false },
      permissions: { actor: 'none', triggeringActor: 'none' },
      ...{
        workflow: null,
        defaultBlob: null,
        lockedActions: null,
        protection: null,
        codeowners: null,
        checks: [],
      },
    });
  });

  it('leaves out what the App may not read, and says why, while the rest is there', async () => {
    const rig = await make({ permissions: launcherPermissions });
    const { facts, faults } = await gathered(rig, 'push');
    expect(Object.keys(facts).sort()).toEqual(['permissions', 'protection']);
    expect(faults).toMatchObject({ workflow: 'token-invalid', checks: 'token-invalid' });
  });
}

const LOCK_PATH = '.github/workflows/actions.lock';
