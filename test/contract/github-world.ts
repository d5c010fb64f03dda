import { generateKeyPairSync } from 'node:crypto';
import type { GitHub, Minted, MintRequest, Scope } from '../../lambdas/ports/github.ts';
import { seededDraw } from '../../local/github/draw.ts';
import type { Faults } from '../../local/github/faults.ts';
import type { Limits } from '../../local/github/limits.ts';
import { createGitHubModel, type GitHubModel } from '../../local/github/model.ts';
import type { RunWish } from '../../local/github/runs.ts';
import type { RunTruth } from '../../local/github/truth.ts';
import type { Permissions } from '../../local/github/types.ts';
import { createFixedClock, type FixedClock } from '../../local/memory/fixed-clock.ts';
import { NOON } from './items.ts';

export const APP_ID = 345_678;
export const LABELS = ['self-hosted', 'linux', 'x64'];

/** One key for all worlds: making one takes longer than a whole case. */
export const APP_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 });

export interface WorldOptions {
  readonly limits?: Partial<Limits>;
  readonly faults?: Partial<Faults>;
  readonly permissions?: Permissions;
}

/** A GitHub with one organization and one repository in it, and what a case does to it from outside. */
export interface GitHubWorld {
  readonly model: GitHubModel;
  readonly clock: FixedClock;
  readonly organization: Scope;
  readonly repository: Scope;
  readonly repositoryId: string;
  readonly hostedGroupId: number;
  /** Registers runners in the organization without costing the App a call. */
  register(names: readonly string[]): void;
  startRun(wish: Omit<RunWish, 'repository' | 'jobs'>): RunTruth;
}

export interface GitHubRig extends GitHubWorld {
  readonly github: GitHub;
  /** `before`: refused without effect. `after`: it happens and its answer is lost. */
  spoil(call: keyof GitHub, when: 'before' | 'after'): void;
  /** A job that runs on a runner of this name. */
  runningJob(name: string): Promise<{ readonly runnerId: string; readonly jobId: string }>;
}

export function githubWorld(options: WorldOptions = {}): GitHubWorld {
  const clock = createFixedClock(NOON);
  const { limits, faults, permissions } = options;
  const model = createGitHubModel({
    draw: seededDraw('contract'),
    app: {
      id: APP_ID,
      publicKeyPem: APP_KEY.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    ...(limits && { limits }),
    ...(faults && { faults }),
  });
  model.addOrganization('acme');
  const { id: repositoryId } = model.addRepository({ fullName: 'acme/app' }, NOON);
  const { id: hostedGroupId } = model.addRunnerGroup({ organization: 'acme', name: 'Hosted', hosted: true });
  const { id } = model.addInstallation({ account: 'acme', ...(permissions && { permissions }) });
  const organization = { installationId: String(id), owner: 'acme', repository: null };
  return {
    model,
    clock,
    organization,
    repository: { ...organization, repository: 'app' },
    repositoryId,
    hostedGroupId,
    register: (names) => {
      for (const name of names) {
        const path = '/orgs/acme/actions/runners/generate-jitconfig';
        const caller = { kind: 'installation', id } as const;
        const body = { name, runner_group_id: 1, labels: LABELS };
        const { status } = model.request({ method: 'POST', path, caller, body }, clock.now());
        if (status !== 201) throw new Error(`want 201 for ${name}, got ${status}`);
        // Each registration costs points of a minute: the next minute comes in time.
        clock.advance(1_000);
      }
    },
    startRun: (wish) =>
      model.createRun(
        { ...wish, repository: 'acme/app', jobs: [{ name: 'build', labels: LABELS }] },
        clock.now(),
      ),
  };
}

export const mintRequest = (scope: Scope, name: string): MintRequest => ({
  scope,
  name,
  labels: LABELS,
  runnerGroupId: 1,
});

const fileOf = (base64: string): { readonly [key: string]: never } =>
  JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));

/** Connects a Listener with the files as delivered: it works only if they arrived whole. */
export function connected({ model, clock }: GitHubWorld, { jit }: Minted) {
  const { data } = fileOf(jit['.credentials']) as { readonly data?: { readonly clientId: string } };
  const { d } = fileOf(jit['.credentials_rsaparams']) as { readonly d?: string };
  return model.connect({ clientId: data?.clientId ?? '', key: d ?? '', version: '2.330.0' }, clock.now());
}

/** Runs a job on a fresh runner, as far as its start. */
export async function runJob(
  world: GitHubWorld,
  github: GitHub,
  name: string,
): Promise<{ readonly runnerId: string; readonly jobId: string }> {
  const run = world.startRun({ event: 'push', actor: 'octocat' });
  const jobId = run.jobs[0]?.jobId ?? '';
  const minted = await github.mint(mintRequest(world.organization, name));
  if (!minted.ok) throw new Error(`want a registration, got ${minted.fault.code}`);
  const session = connected(world, minted.value);
  if (session.kind !== 'session') throw new Error(`want a session, got ${session.reason}`);
  world.clock.advance(2_000);
  const { sessionId } = session;
  const message = world.model.poll(sessionId, world.clock.now());
  if (message.kind !== 'job') throw new Error(`want a job, got ${message.kind}`);
  world.model.acquire({ sessionId, jobId: message.jobId }, world.clock.now());
  return { runnerId: minted.value.runnerId, jobId: message.jobId === jobId ? jobId : message.jobId };
}
