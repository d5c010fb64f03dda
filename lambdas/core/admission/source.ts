import type { RunFacts } from '../../contracts/facts.ts';

/** Where the workflow file of a run truly comes from. */
export interface WorkflowSource {
  /** Null: the default branch as it stands. */
  readonly commit: string | null;
  /** False: the very commit is known on the runner only (GITHUB_WORKFLOW_SHA); this one stands for it until then. */
  readonly isExact: boolean;
}

/** Events that run the file of the commit they build. */
const HEAD_EVENTS: readonly string[] = [
  'push',
  'workflow_dispatch',
  'schedule',
  'create',
  'merge_group',
  'repository_dispatch',
  'release',
  'deployment',
];
/** Events that run the file of a merge commit, which the run does not name. */
const MERGE_EVENTS: readonly string[] = [
  'pull_request',
  'pull_request_review',
  'pull_request_review_comment',
];

/**
 * All other events (pull_request_target, issue_comment, workflow_run …) run the default branch's file, whatever the head
 * of the run says: trusting the head there is the classic mistake.
 */
export function workflowSourceOf({ event, headSha }: Pick<RunFacts, 'event' | 'headSha'>): WorkflowSource {
  if (HEAD_EVENTS.includes(event)) return { commit: headSha, isExact: true };
  if (MERGE_EVENTS.includes(event)) return { commit: headSha, isExact: false };
  return { commit: null, isExact: false };
}
