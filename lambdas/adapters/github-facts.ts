import { PERMISSIONS, type PermissionLevel } from '../contracts/admission.ts';
import type { FactsDocument, GatheredFacts, GatheredName, RunFacts } from '../contracts/facts.ts';
import { CODEOWNERS_PATHS, ownersOf } from '../core/admission/codeowners.ts';
import { LOCK_FILE_PATH, lockedActionsOf } from '../core/admission/lock-file.ts';
import { pathOf } from '../core/admission/run-rules.ts';
import { type WorkflowSource, workflowSourceOf } from '../core/admission/source.ts';
import { readWorkflow } from '../core/admission/workflow-file.ts';
import type { FactsWish, Gathered, Scope } from '../ports/github.ts';
import { done, failed, type Outcome } from '../ports/outcome.ts';
import type { Narrowing } from './app-tokens.ts';
import * as answers from './github-fact-answers.ts';
import type { Ask } from './github-port.ts';

/** Reads under way at once for one run: a burst of runs must stay below GitHub's 100 concurrent requests. */
const WIDTH_MAX = 3;
/** A commit with more checks than this is not judged. */
const CHECK_PAGES_MAX = 5;
const PAGE_ITEMS_MAX = 100;

type Fact<N extends GatheredName> = Outcome<NonNullable<FactsDocument[N]> | null>;

/** Reads of one repository, each with a token that may read just that. */
interface Reader {
  readonly wish: FactsWish;
  read<T>(what: Read<T>): Promise<Outcome<T | null>>;
}

interface Read<T> {
  readonly url: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly permission: 'contents' | 'actions' | 'checks' | 'metadata';
  readonly as: (answer: unknown) => T | undefined;
}

const FACTS: { readonly [N in GatheredName]: (reader: Reader) => Promise<Fact<N>> } = {
  ref: refOf,
  permissions: permissionsOf,
  workflow: workflowOf,
  defaultBlob: defaultBlobOf,
  lockedActions: lockedOf,
  protection: protectionOf,
  codeowners: codeownersOf,
  checks: checksOf,
};

/** Gathers what is wished for; each fact by itself. */
export async function gatherFacts(
  ask: Ask,
  at: { readonly scope: Scope; readonly owner: string; readonly repo: string },
  wish: FactsWish,
): Promise<Outcome<Gathered>> {
  const reader = readerOf(ask, at, wish);
  const facts: GatheredFacts = {};
  const faults: Partial<Record<GatheredName, string>> = {};
  const left = [...wish.names];
  const work = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const found: Outcome<unknown> = await FACTS[name](reader);
      if (found.ok) Object.assign(facts, { [name]: found.value });
      else faults[name] = found.fault.code;
    }
  };
  await Promise.all(Array.from({ length: WIDTH_MAX }, work));
  return done({ facts, faults });
}

function readerOf(
  ask: Ask,
  { scope, owner, repo }: { readonly scope: Scope; readonly owner: string; readonly repo: string },
  wish: FactsWish,
): Reader {
  return {
    wish,
    read: async ({ url, parameters, permission, as }) => {
      const narrowing: Narrowing = {
        installationId: scope.installationId,
        repository: null,
        permissions: { [permission]: 'read' },
      };
      const request = {
        method: 'GET' as const,
        url: `/repos/{owner}/{repo}${url}`,
        parameters: { owner, repo, ...parameters },
      };
      const answer = await ask(request, narrowing);
      if (!answer.ok) return answer.fault.code === 'not-found' ? done(null) : answer;
      const value = as(answer.value.data);
      return value === undefined ? failed({ kind: 'refused', code: 'answer-unreadable' }) : done(value);
    },
  };
}

async function refOf({ wish, read }: Reader): Promise<Fact<'ref'>> {
  const name = wish.run.headBranch;
  if (name === null) return done(null);
  const branch = await read({
    url: '/branches/{branch}',
    parameters: { branch: name },
    permission: 'contents',
    as: answers.branchOf,
  });
  if (!branch.ok) return branch;
  const tag = await read({
    url: '/git/ref/{ref}',
    parameters: { ref: `tags/${name}` },
    permission: 'contents',
    as: answers.somethingOf,
  });
  if (!tag.ok) return tag;
  if (branch.value === null && tag.value === null) return done(null);
  const isProtected =
    branch.value !== null && (branch.value.isProtected || (await hasReviewRule(read, name)));
  return done({ isBranch: branch.value !== null, isTag: tag.value !== null, isProtected });
}

/** Rulesets protect a branch as well as the older settings do: by asking for a pull request. */
async function hasReviewRule(read: Reader['read'], branch: string): Promise<boolean> {
  const rules = await read(rulesOf(branch));
  return rules.ok && rules.value?.isPullRequestRequired === true;
}

const rulesOf = (branch: string): Read<answers.BranchRules> => ({
  url: '/rules/branches/{branch}',
  parameters: { branch, per_page: PAGE_ITEMS_MAX },
  permission: 'metadata',
  as: answers.branchRulesOf,
});

async function permissionsOf({ wish, read }: Reader): Promise<Fact<'permissions'>> {
  const { actor, triggeringActor } = wish.run;
  const levelOf = async (person: RunFacts['actor']): Promise<Outcome<PermissionLevel>> => {
    if (person === null) return done('none');
    const found = await read({
      url: '/collaborators/{username}/permission',
      parameters: { username: person.login },
      permission: 'metadata',
      as: answers.permissionOf,
    });
    if (!found.ok) return found;
    // A login can be given up and taken by somebody else: the id must be the run's.
    if (found.value === null || found.value.userId !== person.id) return done('none');
    return done(PERMISSIONS.find((level) => level === found.value?.level) ?? 'none');
  };
  const first = await levelOf(actor);
  if (!first.ok) return first;
  const second = triggeringActor?.id === actor?.id ? first : await levelOf(triggeringActor);
  return second.ok ? done({ actor: first.value, triggeringActor: second.value }) : second;
}

const fileAt = (path: string, commit: string | null): Read<answers.FileAnswer> => ({
  url: '/contents/{path}',
  parameters: { path, ...(commit !== null && { ref: commit }) },
  permission: 'contents',
  as: answers.fileOf,
});

/** What the runner told is the very commit; else it follows from the event. */
const sourceOf = ({ run, workflowSha }: FactsWish): WorkflowSource =>
  workflowSha === undefined ? workflowSourceOf(run) : { commit: workflowSha, isExact: true };

async function workflowOf({ wish, read }: Reader): Promise<Fact<'workflow'>> {
  const { commit, isExact } = sourceOf(wish);
  const found = await read(fileAt(pathOf(wish.run), commit));
  if (!found.ok || found.value === null) return found.ok ? done(null) : found;
  const { blob, text } = found.value;
  if (text === null)
    return done({ isExact, blob, file: null, why: 'not a plain file, or too large to be read' });
  const file = readWorkflow(text);
  return done({ isExact, blob, file: file.ok ? file.file : null, why: file.ok ? null : file.why });
}

async function defaultBlobOf({ wish, read }: Reader): Promise<Fact<'defaultBlob'>> {
  const found = await read(fileAt(pathOf(wish.run), null));
  return found.ok ? done(found.value?.blob ?? null) : found;
}

/** The lock file of the same commit: another one would fix other commits. */
async function lockedOf({ wish, read }: Reader): Promise<Fact<'lockedActions'>> {
  const found = await read(fileAt(LOCK_FILE_PATH, sourceOf(wish).commit));
  if (!found.ok) return found;
  const text = found.value?.text ?? null;
  return done(text === null ? null : [...lockedActionsOf(text, pathOf(wish.run))]);
}

async function protectionOf({ wish, read }: Reader): Promise<Fact<'protection'>> {
  if (wish.environment === null) return done(null);
  return read({
    url: '/environments/{environment_name}',
    parameters: { environment_name: wish.environment },
    permission: 'actions',
    as: answers.protectionOf,
  });
}

async function codeownersOf({ wish, read }: Reader): Promise<Fact<'codeowners'>> {
  const about = await read({ url: '', permission: 'metadata', as: answers.defaultBranchOf });
  if (!about.ok || about.value === null) return about.ok ? done(null) : about;
  const rules = await read(rulesOf(about.value));
  if (!rules.ok) return rules;
  for (const path of CODEOWNERS_PATHS) {
    const found = await read(fileAt(path, null));
    if (!found.ok) return found;
    if (found.value === null) continue;
    const owners = ownersOf(found.value.text ?? '', pathOf(wish.run));
    const team = owners.find((owner) => owner.includes('/'));
    const owner = (team ?? owners[0] ?? '').slice(0, 200);
    return done({ owner, isReviewRequired: rules.value?.isCodeOwnerReviewRequired === true });
  }
  return done(null);
}

async function checksOf({ wish, read }: Reader): Promise<Fact<'checks'>> {
  const checks: NonNullable<FactsDocument['checks']> = [];
  for (let page = 1; page <= CHECK_PAGES_MAX; page += 1) {
    const found = await read({
      url: '/commits/{ref}/check-runs',
      parameters: { ref: wish.run.headSha, filter: 'latest', per_page: PAGE_ITEMS_MAX, page },
      permission: 'checks',
      as: answers.checksOf,
    });
    if (!found.ok || found.value === null) return found.ok ? done(null) : found;
    checks.push(...found.value.checks);
    if (checks.length >= found.value.total || found.value.checks.length === 0) return done(checks);
  }
  return failed({ kind: 'refused', code: 'checks-too-many' });
}
