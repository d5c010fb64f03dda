import type { RepositoryContent } from './content.ts';
import { later, nextId, type State } from './state.ts';
import type * as T from './types.ts';

export interface RepositoryWish {
  /** `owner/name`; the owner must exist. */
  readonly fullName: string;
  readonly visibility?: T.Visibility;
  readonly fork?: boolean;
  readonly defaultBranch?: string;
}

export interface InstallationWish {
  readonly account: string;
  readonly permissions?: T.Permissions;
  /** Full names; left out: all repositories. */
  readonly repositories?: readonly string[];
}

export interface GroupWish {
  readonly organization: string;
  readonly name: string;
  readonly visibility?: T.RunnerGroup['visibility'];
  readonly repositories?: readonly string[];
  readonly allowsPublic?: boolean;
  readonly hosted?: boolean;
}

/** What a runner orchestrator for an organization asks for; metadata is part of every installation. */
export const launcherPermissions: T.Permissions = {
  actions: 'write',
  administration: 'write',
  metadata: 'read',
  organization_self_hosted_runners: 'write',
};

const DEFAULT_GROUP: T.RunnerGroup = {
  id: 1,
  name: 'Default',
  visibility: 'all',
  repositories: new Set(),
  // GitHub's default: self-hosted runners stay away from public repositories until somebody says otherwise.
  allowsPublic: false,
  hosted: false,
};

/** Every repository's own runners are in this group; it has no rules. */
export const repositoryGroup: T.RunnerGroup = { ...DEFAULT_GROUP, allowsPublic: true };

export function addAccount(state: State, login: string, type: T.Account['type']): T.Account {
  const known = state.accounts.get(login.toLowerCase());
  if (known !== undefined) {
    if (known.type === type) return known;
    throw new Error(`account ${login}: want one type, got ${type} after ${known.type}: choose another login`);
  }
  const account: T.Account = { id: nextId(state, 'account'), login, type };
  state.accounts.set(login.toLowerCase(), account);
  if (type === 'Organization') state.groups.set(account.id, new Map([[1, DEFAULT_GROUP]]));
  return account;
}

export function addRepository(state: State, wish: RepositoryWish, now: number): T.Repository {
  const [login = '', name = ''] = wish.fullName.split('/');
  const owner = accountOf(state, login);
  if (name === '' || state.repositories.has(wish.fullName.toLowerCase())) {
    throw new Error(`repository: want a new owner/name, got ${wish.fullName}`);
  }
  const repository: T.Repository = {
    id: nextId(state, 'repository'),
    owner,
    name,
    fullName: `${owner.login}/${name}`,
    visibility: wish.visibility ?? 'private',
    fork: wish.fork ?? false,
    defaultBranch: wish.defaultBranch ?? 'main',
    createdAt: now,
    runs: [],
    openRuns: new Set(),
    content: {},
  };
  state.repositories.set(wish.fullName.toLowerCase(), repository);
  return repository;
}

/** Says what stands in a repository from now on. */
export function setContent(state: State, fullName: string, content: RepositoryContent): void {
  repositoryOf(state, fullName).content = content;
}

/** Renames a repository or changes who may see it; its id stays. */
export function changeRepository(
  state: State,
  fullName: string,
  change: { readonly name?: string; readonly visibility?: T.Visibility },
): void {
  const repository = repositoryOf(state, fullName);
  state.repositoryShapes.delete(repository.id);
  if (change.visibility !== undefined) repository.visibility = change.visibility;
  if (change.name === undefined) return;
  state.repositories.delete(fullName.toLowerCase());
  repository.name = change.name;
  repository.fullName = `${repository.owner.login}/${change.name}`;
  state.repositories.set(repository.fullName.toLowerCase(), repository);
}

export function addInstallation(state: State, wish: InstallationWish): T.Installation {
  const account = accountOf(state, wish.account);
  if (installationOf(state, account) !== undefined) {
    throw new Error(`installation: want one per account, got a second for ${wish.account}: remove the first`);
  }
  const installation: T.Installation = {
    id: nextId(state, 'installation'),
    account,
    permissions: { metadata: 'read', ...(wish.permissions ?? launcherPermissions) },
    repositories: wish.repositories ? new Set(wish.repositories.map((name) => name.toLowerCase())) : null,
    suspendedAt: null,
  };
  state.installations.set(installation.id, installation);
  return installation;
}

/** Uninstalls the App: its tokens and its id are void; a new installation gets a new id. */
export function removeInstallation(state: State, installationId: number): void {
  state.installations.delete(installationId);
}

/** Suspends the App (or ends the suspension) at `at`. */
export function suspendInstallation(state: State, installationId: number, at: number | null): void {
  const installation = state.installations.get(installationId);
  if (installation === undefined) throw new Error(`installation: want a known id, got ${installationId}`);
  installation.suspendedAt = at;
}

export function addRunnerGroup(state: State, wish: GroupWish): T.RunnerGroup {
  const groups = state.groups.get(accountOf(state, wish.organization).id);
  if (groups === undefined) throw new Error(`runner group: want an organization, got ${wish.organization}`);
  const group: T.RunnerGroup = {
    id: nextId(state, 'group'),
    name: wish.name,
    visibility: wish.visibility ?? 'all',
    repositories: new Set((wish.repositories ?? []).map((name) => name.toLowerCase())),
    allowsPublic: wish.allowsPublic ?? false,
    hosted: wish.hosted ?? false,
  };
  groups.set(group.id, group);
  return group;
}

export function accountOf(state: State, login: string): T.Account {
  const account = state.accounts.get(login.toLowerCase());
  if (account === undefined) throw new Error(`account: want a known login, got ${login}: add it first`);
  return account;
}

export function repositoryOf(state: State, fullName: string): T.Repository {
  const repository = state.repositories.get(fullName.toLowerCase());
  if (repository === undefined)
    throw new Error(`repository: want a known one, got ${fullName}: add it first`);
  return repository;
}

/** The App's installation on an account, suspended or not. */
export function installationOf(state: State, account: T.Account): T.Installation | undefined {
  for (const one of state.installations.values()) if (one.account.id === account.id) return one;
  return undefined;
}

/** Whether the installation may see the repository at all. */
export const covers = (installation: T.Installation, repository: T.Repository): boolean =>
  installation.account.id === repository.owner.id &&
  (installation.repositories === null || installation.repositories.has(repository.fullName.toLowerCase()));

/** Keeps a token until its hour is over: from then on nobody knows it. */
export function keepToken(state: State, text: string, token: T.Token): void {
  state.tokens.set(text, token);
  later(state, token.expiresAt, () => state.tokens.delete(text));
}
