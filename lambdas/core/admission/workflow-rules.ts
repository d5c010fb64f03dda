import type { TokenAccess } from '../../contracts/admission.ts';
import type { FactsDocument, PermissionUse, WorkflowFile } from '../../contracts/facts.ts';
import { allow, deny, listed, missing, type Rule, type Ruling } from './ruling.ts';
import { runsItsHeadRef, withRun } from './run-rules.ts';
import { lockedNameOf, ownerOf } from './workflow-file.ts';

/** Rules over the workflow file of the run, at the commit it truly comes from. */

export const workflowUnchanged: Rule<'workflowUnchanged'> = {
  needs: ['run', 'ref', 'workflow', 'defaultBlob'],
  judge: (_, facts) =>
    withRun(facts, ({ event }) => {
      // Who may change a protected ref is the repository's own rule; a pull request's ref is never protected.
      if (
        runsItsHeadRef(event) &&
        facts.ref?.isProtected === true &&
        !(facts.ref.isBranch && facts.ref.isTag)
      )
        return allow('the ref of the run is protected');
      const { workflow, defaultBlob } = facts;
      if (workflow === undefined || workflow === null) return missing('workflow', workflow);
      if (defaultBlob === undefined || defaultBlob === null) return missing('defaultBlob', defaultBlob);
      return workflow.blob === defaultBlob
        ? allow(`the file is the default branch's${again(workflow.isExact)}`)
        : deny('admission-workflow-changed', "want the default branch's workflow file, got another");
    }),
};

const again = (isExact: boolean): string => (isExact ? '' : ' (looked at again before the first step)');

function withFile(facts: FactsDocument, judge: (file: WorkflowFile) => Ruling): Ruling {
  const { workflow } = facts;
  if (workflow === undefined || workflow === null) return missing('workflow', workflow);
  return workflow.file === null
    ? deny('workflow-unreadable', `the workflow file cannot be judged: ${workflow.why ?? 'unknown'}`)
    : judge(workflow.file);
}

export const actionsPinned: Rule<'actionsPinned'> = {
  needs: ['run', 'workflow', 'lockedActions'],
  judge: ({ owners }, facts) =>
    withFile(facts, ({ actions }) => {
      const foreign = owners === undefined ? [] : actions.filter(({ text }) => !isOwned(text, owners));
      if (foreign.length > 0)
        return deny('admission-actions', `actions of other owners: ${listed(foreign.map(where))}`);
      const loose = actions.filter(({ pin }) => pin === 'loose' || pin === 'unknown');
      if (loose.length === 0) return allow(`${actions.length} uses are pinned`);
      // An unknown form is never covered: nobody can say what it runs.
      const unknown = loose.filter(({ pin }) => pin === 'unknown');
      if (unknown.length > 0)
        return deny('admission-actions', `not understood: ${listed(unknown.map(where))}`);
      if (facts.lockedActions === undefined) return missing('lockedActions', undefined);
      const locked = new Set(facts.lockedActions ?? []);
      // A lock file fixes actions; a called workflow moves all the same unless it is named by its SHA.
      const open = loose.filter(
        ({ what, text }) => what === 'workflow' || !locked.has(lockedNameOf(text) ?? ''),
      );
      return open.length === 0
        ? allow(`${actions.length} uses are pinned or locked`)
        : deny('admission-actions', `want a full SHA, got ${listed(open.map(where))}`);
    }),
};

const where = ({ text, line }: WorkflowFile['actions'][number]): string =>
  `line ${line}: ${text || 'nothing'}`;

function isOwned(text: string, owners: readonly string[]): boolean {
  const owner = ownerOf(text);
  return owner === null || owners.some((one) => one.toLowerCase() === owner);
}

const ACCESS: readonly TokenAccess[] = ['none', 'read', 'write'];
const isAtMost = (got: TokenAccess, most: TokenAccess): boolean =>
  ACCESS.indexOf(got) <= ACCESS.indexOf(most);

export const permissionsMax: Rule<'permissionsMax'> = {
  needs: ['run', 'workflow'],
  judge: (most, facts) =>
    withFile(facts, ({ permissions }) => {
      for (const use of permissions) {
        const over = overOf(use, most);
        if (over !== undefined) return deny('admission-permissions', `job ${use.job}: ${over}`);
      }
      return allow(`${permissions.length} jobs name their permissions, none above the ceiling`);
    }),
};

interface Ceiling {
  readonly scopes: Readonly<Record<string, TokenAccess>>;
  readonly other: TokenAccess;
}

/** What is above the ceiling; undefined when nothing is. */
function overOf({ granted }: PermissionUse, { scopes, other }: Ceiling): string | undefined {
  if (granted === null) return 'want permissions that the file names, got the default of the repository';
  for (const [scope, got] of Object.entries(granted.scopes)) {
    const most = scopes[scope] ?? other;
    if (!isAtMost(got, most)) return `want at most ${scope}: ${most}, got ${got}`;
  }
  const unnamed = Object.entries(scopes).find(
    ([scope, most]) => granted.scopes[scope] === undefined && !isAtMost(granted.all, most),
  );
  if (unnamed !== undefined) return `want at most ${unnamed[0]}: ${unnamed[1]}, got ${granted.all}-all`;
  return isAtMost(granted.all, other)
    ? undefined
    : `want at most ${other} for the rest, got ${granted.all}-all`;
}
