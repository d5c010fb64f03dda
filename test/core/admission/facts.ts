import type { FactsDocument, RunFacts, WorkflowFact } from '../../../lambdas/contracts/facts.ts';
import { readWorkflow } from '../../../lambdas/core/admission/workflow-file.ts';
import { eventOf, T0 } from '../fixtures.ts';

export const SHA = 'a5ac7e51b41094c92402da3b24376905380afc29';
export const BLOB = 'b'.repeat(40);

export const runOf = (change: Partial<RunFacts> = {}): RunFacts => ({
  runId: '10',
  runAttempt: 1,
  event: 'push',
  path: '.github/workflows/deploy.yml',
  headSha: SHA,
  headBranch: 'main',
  repositoryId: '7',
  headRepositoryId: '7',
  actor: { id: '21', login: 'ann' },
  triggeringActor: { id: '21', login: 'ann' },
  referencedWorkflows: [],
  status: 'queued',
  ...change,
});

const FILE = `permissions: { contents: read }
jobs:
  deploy:
    permissions: { contents: read, id-token: write }
    steps:
      - uses: actions/checkout@${SHA}
      - uses: ./.github/actions/ship
`;

export function workflowOf(text = FILE, change: Partial<WorkflowFact> = {}): WorkflowFact {
  const read = readWorkflow(text);
  return {
    isExact: true,
    blob: BLOB,
    file: read.ok ? read.file : null,
    why: read.ok ? null : read.why,
    ...change,
  };
}

/** Facts that satisfy every rule of the fixture below: each test spoils one of them. */
export const factsOf = (change: Partial<FactsDocument> = {}): FactsDocument => ({
  v: 1,
  at: T0,
  jobId: '100',
  labels: ['self-hosted', 'linux', 'x64'],
  pool: 'linux-x64',
  repository: eventOf().repository,
  environment: 'production',
  run: runOf(),
  ref: { isBranch: true, isTag: false, isProtected: false },
  permissions: { actor: 'write', triggeringActor: 'admin' },
  workflow: workflowOf(),
  defaultBlob: BLOB,
  lockedActions: null,
  protection: { reviewers: 2, hasBranchPolicy: true },
  codeowners: { owner: '@acme/platform', isReviewRequired: true },
  checks: [{ name: 'build', appId: '15368', conclusion: 'success' }],
  ...change,
});
