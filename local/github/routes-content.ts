import { type Answer, answerOf, notFound } from './answer.ts';
import { blobShaOf } from './content.ts';
import type { RepositoryCall, Route } from './routing.ts';
import { nodeId, userShape } from './shapes.ts';

/** What GitHub tells of a repository's files, refs, rules, environments and people: the fields that admission reads. */

const contentOf = ({ repository }: RepositoryCall) => repository.content;
const param = (call: RepositoryCall, name: string): string => call.params[name] ?? '';

function getBranch(call: RepositoryCall): Answer {
  const name = param(call, 'branch');
  const known = contentOf(call).branches?.[name];
  if (known === undefined && name !== call.repository.defaultBranch) return notFound();
  const isProtected = known?.isProtected ?? false;
  return answerOf(200, { name, commit: { sha: '0'.repeat(40) }, protected: isProtected });
}

function getRef(call: RepositoryCall): Answer {
  const [kind = '', ...rest] = param(call, 'ref').split('/');
  const name = rest.join('/');
  const { branches, tags } = contentOf(call);
  const isThere = kind === 'tags' ? tags?.includes(name) : branches?.[name] !== undefined;
  if (isThere !== true) return notFound();
  return answerOf(200, {
    ref: `refs/${kind}/${name}`,
    node_id: nodeId('REF', 1),
    object: { type: 'commit', sha: '0'.repeat(40) },
  });
}

function getFile(call: RepositoryCall): Answer {
  const { files = {}, commits = {} } = contentOf(call);
  const tree = commits[call.query.get('ref') ?? ''] ?? files;
  const path = param(call, 'path');
  const text = Object.hasOwn(tree, path) ? tree[path] : undefined;
  if (text === undefined) return notFound();
  const content = Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n');
  const size = Buffer.byteLength(text);
  return answerOf(200, {
    type: 'file',
    encoding: 'base64',
    size,
    name: path.split('/').at(-1),
    path,
    content,
    sha: blobShaOf(text),
  });
}

function getPermission(call: RepositoryCall): Answer {
  const login = param(call, 'username');
  const account = call.state.accounts.get(login.toLowerCase());
  if (account === undefined) return notFound();
  const role = contentOf(call).permissions?.[account.login] ?? 'none';
  // The older field knows no triage and no maintain.
  const permission = { triage: 'read', maintain: 'write' }[role] ?? role;
  return answerOf(200, { permission, role_name: role, user: userShape(call.state, account) });
}

function getEnvironment(call: RepositoryCall): Answer {
  const name = param(call, 'environment_name');
  const known = contentOf(call).environments?.[name];
  if (known === undefined) return notFound();
  const reviewers = Array.from({ length: known.reviewers ?? 0 }, (_, n) => ({
    type: 'User',
    reviewer: { id: n + 1 },
  }));
  const policy = known.hasBranchPolicy === true;
  return answerOf(200, {
    id: 1,
    name,
    protection_rules: [
      ...(reviewers.length > 0
        ? [{ id: 1, node_id: nodeId('GA', 1), type: 'required_reviewers', reviewers }]
        : []),
      ...(policy ? [{ id: 2, node_id: nodeId('GA', 2), type: 'branch_policy' }] : []),
    ],
    deployment_branch_policy: policy ? { protected_branches: true, custom_branch_policies: false } : null,
  });
}

function getRules(call: RepositoryCall): Answer {
  const known = contentOf(call).rules?.[param(call, 'branch')];
  const parameters = {
    require_code_owner_review: known?.codeOwnerReview ?? false,
    required_approving_review_count: 1,
  };
  return answerOf(
    200,
    known === undefined ? [] : [{ type: 'deletion' }, { type: 'pull_request', parameters }],
  );
}

function getChecks(call: RepositoryCall): Answer {
  const all = contentOf(call).checks?.[param(call, 'ref')] ?? [];
  const size = Number(call.query.get('per_page') ?? 30);
  const page = Number(call.query.get('page') ?? 1);
  const check_runs = all.slice((page - 1) * size, page * size).map(({ name, appId, conclusion }, n) => ({
    id: n + 1,
    name,
    status: conclusion === null ? 'in_progress' : 'completed',
    conclusion,
    app: { id: appId },
  }));
  return answerOf(200, { total_count: all.length, check_runs });
}

const root = '/repos/{owner}/{repo}';
const read = (permission: string) =>
  ({ on: 'repository', permission, level: 'read', method: 'GET' }) as const;

export const contentRoutes: readonly Route[] = [
  { ...read('contents'), path: `${root}/branches/{branch}`, answer: getBranch },
  { ...read('contents'), path: `${root}/git/ref/{ref}`, answer: getRef },
  { ...read('contents'), path: `${root}/contents/{path}`, answer: getFile },
  { ...read('metadata'), path: `${root}/collaborators/{username}/permission`, answer: getPermission },
  { ...read('actions'), path: `${root}/environments/{environment_name}`, answer: getEnvironment },
  { ...read('metadata'), path: `${root}/rules/branches/{branch}`, answer: getRules },
  { ...read('checks'), path: `${root}/commits/{ref}/check-runs`, answer: getChecks },
];
