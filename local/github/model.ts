import { createPublicKey } from 'node:crypto';
import * as accounts from './accounts.ts';
import type { Answer } from './answer.ts';
import { type ApiRequest, answerTo } from './api.ts';
import type { RepositoryContent } from './content.ts';
import type { Draw } from './draw.ts';
import { type Faults, noFaults } from './faults.ts';
import { documentedLimits, type Limits } from './limits.ts';
import { type Hooks, hooksOf } from './model-hooks.ts';
import { type JobActs, jobActsOf } from './model-jobs.ts';
import { type RunnerSide, runnerSideOf } from './model-runners.ts';
import { advance, createState, type JitResource, type State } from './state.ts';
import * as truth from './truth.ts';

export interface GitHubModelOptions {
  /** Keyed chance; `seededDraw(seed)` gives one. */
  readonly draw: Draw;
  /** The address in URLs of payloads and answers; default `https://api.github.com`. */
  readonly apiUrl?: string;
  readonly app?: {
    readonly id?: number;
    readonly clientId?: string;
    readonly slug?: string;
    /** PEM of the App's public key; without it no JWT is valid and callers name themselves. */
    readonly publicKeyPem?: string;
    /** Signs webhooks; without it they carry no signature. */
    readonly webhookSecret?: string;
  };
  readonly limits?: Partial<Limits>;
  readonly faults?: Partial<Faults>;
  /** The primary bucket of generate-jitconfig; default `actions_runner_registration`. */
  readonly jitResource?: JitResource;
}

/** Who exists and what the App is installed on. */
export interface Directory {
  addOrganization(login: string): void;
  addUser(login: string): void;
  addRepository(wish: accounts.RepositoryWish, now: number): { readonly id: string };
  changeRepository(fullName: string, change: Parameters<typeof accounts.changeRepository>[2]): void;
  /** What stands in a repository: files, refs, rules, people. */
  setContent(fullName: string, content: RepositoryContent): void;
  addRunnerGroup(wish: accounts.GroupWish): { readonly id: number };
  /** Installs the App; its permissions default to what a launcher for organizations needs. */
  addInstallation(wish: accounts.InstallationWish): { readonly id: number };
  removeInstallation(installationId: number): void;
  suspendInstallation(installationId: number, at: number | null): void;
}

/** What tests and reports may know and no caller of GitHub can. */
export interface Truth {
  /** Live registrations, oldest first. */
  registrations(now: number): readonly truth.RegistrationTruth[];
  /** Every JIT configuration ever handed out, oldest first. */
  issued(now: number): readonly truth.RegistrationTruth[];
  /** Every job ever created, oldest first. */
  jobs(now: number): readonly truth.JobTruth[];
  job(jobId: string, now: number): truth.JobTruth | undefined;
  /** Calls by route, as `GET /repos/{owner}/{repo}`. */
  calls(): ReadonlyMap<string, number>;
}

/**
 * GitHub as an App and its runners see it. Deterministic, without I/O or a clock: each call names the time, and
 * everything that became due until then has happened before it is answered.
 */
export interface GitHubModel extends Directory, JobActs, RunnerSide, Hooks {
  /** One REST call. */
  request(request: ApiRequest, now: number): Answer;
  /** Lets time pass without asking anything. */
  advance(now: number): void;
  /** When something next happens by itself (a time limit, a webhook); undefined: never. */
  nextDueAt(): number | undefined;
  /** Replaces some of the faults from now on. */
  setFaults(faults: Partial<Faults>): void;
  readonly truth: Truth;
}

/** Creates a GitHub in which nothing exists yet. Throws on a public key that is none. */
export function createGitHubModel(options: GitHubModelOptions): GitHubModel {
  const state = createState({
    app: appOf(options),
    draw: options.draw,
    apiUrl: (options.apiUrl ?? 'https://api.github.com').replace(/\/$/, ''),
    limits: { ...documentedLimits, ...options.limits },
    faults: { ...noFaults, ...options.faults },
    jitResource: options.jitResource ?? 'actions_runner_registration',
  });
  return {
    ...directoryOf(state),
    ...jobActsOf(state),
    ...runnerSideOf(state),
    ...hooksOf(state),
    request: (request, now) => {
      advance(state, now);
      return answerTo(state, request, state.now);
    },
    advance: (now) => advance(state, now),
    nextDueAt: () => earliest(state.timers.peekAt(), state.deliveries.outbox.peekAt()),
    setFaults: (faults) => {
      state.faults = { ...state.faults, ...faults };
    },
    truth: truthOf(state),
  };
}

function appOf({ app = {} }: GitHubModelOptions): State['app'] {
  return {
    id: app.id ?? 345_678,
    clientId: app.clientId ?? 'Iv23liMayflyModel000',
    slug: app.slug ?? 'mayfly',
    publicKey: app.publicKeyPem === undefined ? null : createPublicKey(app.publicKeyPem),
    webhookSecret: app.webhookSecret ?? null,
    hookId: 480_000_001,
  };
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

const directoryOf = (state: State): Directory => ({
  addOrganization: (login) => void accounts.addAccount(state, login, 'Organization'),
  addUser: (login) => void accounts.addAccount(state, login, 'User'),
  addRepository: (wish, now) => ({ id: String(accounts.addRepository(state, wish, now).id) }),
  changeRepository: (fullName, change) => accounts.changeRepository(state, fullName, change),
  setContent: (fullName, content) => accounts.setContent(state, fullName, content),
  addRunnerGroup: (wish) => ({ id: accounts.addRunnerGroup(state, wish).id }),
  addInstallation: (wish) => ({ id: accounts.addInstallation(state, wish).id }),
  removeInstallation: (installationId) => accounts.removeInstallation(state, installationId),
  suspendInstallation: (installationId, at) => accounts.suspendInstallation(state, installationId, at),
});

const truthOf = (state: State): Truth => ({
  registrations: (now) => {
    advance(state, now);
    return truth.registrationsOf(state);
  },
  issued: (now) => {
    advance(state, now);
    return state.registered.map(truth.registrationTruth);
  },
  jobs: (now) => {
    advance(state, now);
    return [...state.jobs.values()].map(truth.jobTruth);
  },
  job: (jobId, now) => {
    advance(state, now);
    const job = state.jobs.get(Number(jobId));
    return job && truth.jobTruth(job);
  },
  calls: () => truth.callsOf(state),
});
