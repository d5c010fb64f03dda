import { expect, it } from '@jest/globals';
import { jitFiles } from '../../lambdas/contracts/claim.ts';
import type { GitHub, Scope } from '../../lambdas/ports/github.ts';
import type { Outcome } from '../../lambdas/ports/outcome.ts';
import { itLooksAround } from './github-around-contract.ts';
import { itGathersFacts } from './github-facts-contract.ts';
import { connected, type GitHubRig, LABELS, mintRequest, type WorldOptions } from './github-world.ts';
import { value } from './ledger-contract.ts';

export type Make = (options?: WorldOptions) => Promise<GitHubRig>;

/** The cases that every implementation of the GitHub port passes. */
export function githubContract(make: Make): void {
  itMints(make);
  itDeregisters(make);
  itLooksAtRunners(make);
  itLooksAtRunsAndJobs(make);
  itGathersFacts(make);
  itLooksAround(make);
  itWaitsAsGitHubSays(make);
  itNamesFaults(make);
}

const names = ({ model, clock }: GitHubRig): string[] =>
  model.truth.registrations(clock.now()).map(({ name }) => name);

function itMints(make: Make): void {
  it.each(['organization', 'repository'] as const)(
    'registers a runner and gives its id and its three files (%s)',
    async (kind) => {
      const rig = await make();
      const minted = value(await rig.github.mint(mintRequest(rig[kind], 'runner-1')));
      const [truth] = rig.model.truth.registrations(rig.clock.now());
      expect(truth).toMatchObject({ runnerId: minted.runnerId, name: 'runner-1', labels: LABELS });
      expect(Object.keys(minted.jit)).toEqual(['.runner', '.credentials', '.credentials_rsaparams']);
      expect(jitFiles.safeParse(minted.jit).success).toBe(true);
      expect(connected(rig, minted)).toMatchObject({ kind: 'session' });
    },
  );

  it('refuses a name that is taken, and leaves what stands under it', async () => {
    const rig = await make();
    await rig.github.mint(mintRequest(rig.organization, 'runner-1'));
    expect(await rig.github.mint(mintRequest(rig.organization, 'runner-1'))).toEqual({
      ok: false,
      fault: { kind: 'refused', code: 'name-taken' },
    });
    expect(names(rig)).toEqual(['runner-1']);
  });

  it('refuses an unknown runner group, one of GitHub-hosted runners, and a request without labels', async () => {
    const rig = await make();
    const request = mintRequest(rig.organization, 'runner-1');
    const refused = (code: string) => ({ ok: false, fault: { kind: 'refused', code } });
    expect(await rig.github.mint({ ...request, runnerGroupId: 999 })).toEqual(refused('not-found'));
    expect(await rig.github.mint({ ...request, runnerGroupId: rig.hostedGroupId })).toEqual(
      refused('forbidden'),
    );
    expect(await rig.github.mint({ ...request, labels: [] })).toEqual(refused('invalid'));
    expect(names(rig)).toEqual([]);
  });

  it('calls a mint unsure when its answer was lost; the registration is found by its name and deleted', async () => {
    const rig = await make();
    rig.spoil('mint', 'after');
    const lost = await rig.github.mint(mintRequest(rig.organization, 'runner-1'));
    expect(lost).toMatchObject({ ok: false, fault: { kind: 'unsure' } });
    const found = value(await rig.github.findRunner(rig.organization, 'runner-1'));
    expect(found).toMatchObject({ name: 'runner-1', online: false, busy: false });
    const gone = await rig.github.deregister(rig.organization, found?.runnerId ?? '');
    expect(value(gone)).toBe('deregistered');
    expect(names(rig)).toEqual([]);
  });
}

function itDeregisters(make: Make): void {
  it('deletes a registration, and calls one gone that is not there', async () => {
    const rig = await make();
    const { runnerId } = value(await rig.github.mint(mintRequest(rig.organization, 'runner-1')));
    expect(value(await rig.github.deregister(rig.organization, runnerId))).toBe('deregistered');
    expect(value(await rig.github.deregister(rig.organization, runnerId))).toBe('gone');
    expect(names(rig)).toEqual([]);
  });

  it('calls a runner busy that runs a job, and leaves it', async () => {
    const rig = await make();
    const { runnerId, jobId } = await rig.runningJob('runner-1');
    expect(value(await rig.github.deregister(rig.organization, runnerId))).toBe('busy');
    expect(rig.model.truth.job(jobId, rig.clock.now())?.status).toBe('in_progress');
  });
}

function itLooksAtRunners(make: Make): void {
  it('finds the runner of exactly one name and scope', async () => {
    const rig = await make();
    const { runnerId } = value(await rig.github.mint(mintRequest(rig.organization, 'runner-1')));
    await rig.github.mint(mintRequest(rig.organization, 'runner-10'));
    const seen = { runnerId, name: 'runner-1', online: false, busy: false };
    expect(value(await rig.github.findRunner(rig.organization, 'runner-1'))).toEqual(seen);
    expect(value(await rig.github.findRunner(rig.organization, 'runner'))).toBeUndefined();
    expect(value(await rig.github.findRunner(rig.repository, 'runner-1'))).toBeUndefined();
  });

  it('shows a runner online once it is connected and busy while it runs a job', async () => {
    const rig = await make();
    const { runnerId } = await rig.runningJob('runner-1');
    const seen = { runnerId, name: 'runner-1', online: true, busy: true };
    expect(value(await rig.github.findRunner(rig.organization, 'runner-1'))).toEqual(seen);
  });

  it.each([0, 1, 100, 101, 250])('lists all of %i runners', async (count) => {
    const rig = await make();
    const wanted = Array.from({ length: count }, (_, n) => `runner-${n}`);
    rig.register(wanted);
    const list = value(await rig.github.listRunners(rig.organization));
    expect(list.map(({ name }) => name).sort()).toEqual(wanted.sort());
    expect(value(await rig.github.listRunners(rig.repository))).toEqual([]);
  });
}

function itLooksAtRunsAndJobs(make: Make): void {
  it('gives the facts of a run, ids as decimal strings', async () => {
    const rig = await make();
    const run = rig.startRun({ event: 'push', actor: 'octocat', headBranch: 'main' });
    const facts = value(await rig.github.run(rig.organization, 'acme/app', run.runId));
    expect(facts).toMatchObject({
      runId: run.runId,
      runAttempt: 1,
      event: 'push',
      headBranch: 'main',
      repositoryId: rig.repositoryId,
      headRepositoryId: rig.repositoryId,
      actor: { login: 'octocat' },
      triggeringActor: { login: 'octocat' },
    });
  });

  it('gives null for a head repository that was deleted', async () => {
    const rig = await make();
    const run = rig.startRun({ event: 'pull_request', actor: 'stranger', headRepository: null });
    const facts = value(await rig.github.run(rig.organization, 'acme/app', run.runId));
    expect(facts?.headRepositoryId).toBeNull();
  });

  it('gives the state of a job, with the name of its runner once it has one', async () => {
    const rig = await make();
    const queued = rig.startRun({ event: 'push', actor: 'octocat' });
    const queuedId = queued.jobs[0]?.jobId ?? '';
    expect(value(await rig.github.job(rig.organization, 'acme/app', queuedId))).toEqual({
      status: 'queued',
      runnerName: null,
      conclusion: null,
    });
    const { jobId } = await rig.runningJob('runner-1');
    expect(value(await rig.github.job(rig.organization, 'acme/app', jobId))).toEqual({
      status: 'in_progress',
      runnerName: 'runner-1',
      conclusion: null,
    });
  });

  it('gives nothing for a run or a job that GitHub does not know', async () => {
    const rig = await make();
    expect(value(await rig.github.run(rig.organization, 'acme/app', '404'))).toBeUndefined();
    expect(value(await rig.github.job(rig.organization, 'acme/gone', '404'))).toBeUndefined();
  });
}

function itWaitsAsGitHubSays(make: Make): void {
  const EVERY: readonly (readonly [string, (github: GitHub, scope: Scope) => Promise<Outcome<unknown>>])[] = [
    ['mint', (github, scope) => github.mint(mintRequest(scope, 'runner-1'))],
    ['deregister', (github, scope) => github.deregister(scope, '1')],
    ['findRunner', (github, scope) => github.findRunner(scope, 'runner-1')],
    ['listRunners', (github, scope) => github.listRunners(scope)],
    ['run', (github, scope) => github.run(scope, 'acme/app', '1')],
    ['job', (github, scope) => github.job(scope, 'acme/app', '1')],
  ];

  it.each(EVERY)('calls %s busy until the secondary limit ends', async (_name, call) => {
    const rig = await make({ limits: { pointsMax: 0 } });
    const fault = { kind: 'busy', retryAfterMs: 60_000 };
    expect(await call(rig.github, rig.organization)).toMatchObject({ ok: false, fault });
  });

  it.each(EVERY)('calls %s busy for a minute when the limit names no time', async (_name, call) => {
    const rig = await make({ limits: { pointsMax: 0 }, faults: { retryAfterOmitted: 1 } });
    const fault = { kind: 'busy', retryAfterMs: 60_000 };
    expect(await call(rig.github, rig.organization)).toMatchObject({ ok: false, fault });
  });

  it('waits for the reset of an empty bucket', async () => {
    const rig = await make({ limits: { registrationMax: 1 } });
    expect(await rig.github.mint(mintRequest(rig.organization, 'runner-1'))).toMatchObject({ ok: true });
    rig.clock.advance(600_000);
    const fault = { kind: 'busy', code: 'rate-limit', retryAfterMs: 3_000_000 };
    expect(await rig.github.mint(mintRequest(rig.organization, 'runner-2'))).toEqual({ ok: false, fault });
    rig.clock.advance(3_000_000);
    expect(await rig.github.mint(mintRequest(rig.organization, 'runner-2'))).toMatchObject({ ok: true });
  });
}

function itNamesFaults(make: Make): void {
  it('calls every read busy and every write unsure whose answer was lost', async () => {
    const rig = await make();
    const { github, organization: at } = rig;
    const lost = async (call: keyof GitHub, made: () => Promise<Outcome<unknown>>) => {
      rig.spoil(call, 'after');
      const outcome = await made();
      return outcome.ok ? 'ok' : outcome.fault.kind;
    };
    expect(await lost('mint', () => github.mint(mintRequest(at, 'runner-1')))).toBe('unsure');
    expect(await lost('deregister', () => github.deregister(at, '1'))).toBe('unsure');
    expect(await lost('findRunner', () => github.findRunner(at, 'x'))).toBe('busy');
    expect(await lost('listRunners', () => github.listRunners(at))).toBe('busy');
    expect(await lost('run', () => github.run(at, 'acme/app', '1'))).toBe('busy');
    expect(await lost('job', () => github.job(at, 'acme/app', '1'))).toBe('busy');
  });

  it('refuses what the installation may not do', async () => {
    const rig = await make({ permissions: { metadata: 'read' } });
    const minted = await rig.github.mint(mintRequest(rig.organization, 'runner-1'));
    expect(minted).toMatchObject({ ok: false, fault: { kind: 'refused' } });
    expect(names(rig)).toEqual([]);
  });
}
