import type { components } from '@octokit/openapi-types';
import { iso, nodeId, userShape, webUrl } from './shapes.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

type Schemas = components['schemas'];

export type RepositoryShape = ReturnType<typeof build>;

/** One shape that REST's short and full form and the webhook all accept. */
export function repositoryShape(state: State, repository: T.Repository): RepositoryShape {
  const known = state.repositoryShapes.get(repository.id);
  if (known !== undefined) return known;
  const shape = build(state, repository);
  state.repositoryShapes.set(repository.id, shape);
  return shape;
}

function build(state: State, repository: T.Repository) {
  const { fullName, visibility } = repository;
  const at = iso(repository.createdAt);
  const web = `${webUrl(state)}/${fullName}`;
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName,
    private: visibility !== 'public',
    visibility,
    owner: userShape(state, repository.owner),
    html_url: web,
    description: null,
    fork: repository.fork,
    ...urlsOf(`${state.apiUrl}/repos/${fullName}`),
    created_at: at,
    updated_at: at,
    pushed_at: at,
    git_url: `git${web.slice(web.indexOf(':'))}.git`,
    ssh_url: `git@${web.slice(web.indexOf('//') + 2)}.git`,
    clone_url: `${web}.git`,
    svn_url: web,
    ...countsAndSwitches,
    default_branch: repository.defaultBranch,
  } satisfies Schemas['full-repository'] & Schemas['minimal-repository'] & Schemas['repository-webhooks'];
}

const countsAndSwitches = {
  homepage: null,
  size: 1,
  stargazers_count: 0,
  watchers_count: 0,
  language: null,
  has_issues: true,
  has_projects: true,
  has_downloads: true,
  has_wiki: true,
  has_pages: false,
  has_discussions: false,
  forks_count: 0,
  mirror_url: null,
  archived: false,
  disabled: false,
  open_issues_count: 0,
  license: null,
  allow_forking: true,
  is_template: false,
  web_commit_signoff_required: false,
  forks: 0,
  open_issues: 0,
  watchers: 0,
  network_count: 0,
  subscribers_count: 0,
};

const urlsOf = (url: string) => ({
  url,
  forks_url: `${url}/forks`,
  keys_url: `${url}/keys{/key_id}`,
  collaborators_url: `${url}/collaborators{/collaborator}`,
  teams_url: `${url}/teams`,
  hooks_url: `${url}/hooks`,
  issue_events_url: `${url}/issues/events{/number}`,
  events_url: `${url}/events`,
  assignees_url: `${url}/assignees{/user}`,
  branches_url: `${url}/branches{/branch}`,
  tags_url: `${url}/tags`,
  blobs_url: `${url}/git/blobs{/sha}`,
  git_tags_url: `${url}/git/tags{/sha}`,
  git_refs_url: `${url}/git/refs{/sha}`,
  trees_url: `${url}/git/trees{/sha}`,
  statuses_url: `${url}/statuses/{sha}`,
  languages_url: `${url}/languages`,
  stargazers_url: `${url}/stargazers`,
  contributors_url: `${url}/contributors`,
  subscribers_url: `${url}/subscribers`,
  subscription_url: `${url}/subscription`,
  commits_url: `${url}/commits{/sha}`,
  git_commits_url: `${url}/git/commits{/sha}`,
  comments_url: `${url}/comments{/number}`,
  issue_comment_url: `${url}/issues/comments{/number}`,
  contents_url: `${url}/contents/{+path}`,
  compare_url: `${url}/compare/{base}...{head}`,
  merges_url: `${url}/merges`,
  archive_url: `${url}/{archive_format}{/ref}`,
  downloads_url: `${url}/downloads`,
  issues_url: `${url}/issues{/number}`,
  pulls_url: `${url}/pulls{/number}`,
  milestones_url: `${url}/milestones{/number}`,
  notifications_url: `${url}/notifications{?since,all,participating}`,
  labels_url: `${url}/labels{/name}`,
  releases_url: `${url}/releases{/id}`,
  deployments_url: `${url}/deployments`,
});
