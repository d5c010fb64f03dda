import { expect, it } from '@jest/globals';
import type { Make } from './github-contract.ts';
import { LABELS } from './github-world.ts';
import { value } from './ledger-contract.ts';

/** The cases about looking around at GitHub that every implementation of the port passes. */
export function itLooksAround(make: Make): void {
  itListsJobs(make);
  itListsDeliveries(make);

  it('lists open runs by their state, as the facts of each', async () => {
    const rig = await make();
    const run = rig.startRun({ event: 'push', actor: 'octocat' });
    const { organization } = rig;
    const queued = value(await rig.github.openRuns(organization, 'acme/app', 'queued'));
    expect(queued).toMatchObject([
      {
        runId: run.runId,
        repositoryId: rig.repositoryId,
        repository: { fullName: 'acme/app', visibility: 'private' },
      },
    ]);
    expect(value(await rig.github.openRuns(organization, 'acme/app', 'in_progress'))).toEqual([]);
    expect(value(await rig.github.openRuns(organization, 'acme/gone', 'queued'))).toBeUndefined();
  });

  it.each([1, 100, 101, 230])('lists all of %i repositories of an installation', async (count) => {
    const rig = await make();
    for (let n = 1; n < count; n += 1) rig.model.addRepository({ fullName: `acme/r${n}` }, rig.clock.now());
    const listed = value(await rig.github.repositories(rig.organization.installationId));
    expect(listed).toHaveLength(count);
    expect(listed[0]).toMatchObject({ repository: { fullName: 'acme/app', ownerLogin: 'acme' } });
  });

  it('lists the installations, says which are suspended, and finds the one of a repository', async () => {
    const rig = await make();
    const { installationId } = rig.organization;
    expect(value(await rig.github.installations())).toEqual([
      { installationId, login: 'acme', isSuspended: false },
    ]);
    expect(value(await rig.github.installationOf('acme/app'))).toBe(installationId);
    expect(value(await rig.github.installationOf('acme/gone'))).toBeUndefined();
    rig.model.suspendInstallation(Number(installationId), rig.clock.now());
    expect(value(await rig.github.installations())).toMatchObject([{ isSuspended: true }]);
  });
}

function itListsJobs(make: Make): void {
  it('lists the jobs of a run as their events would have told them', async () => {
    const rig = await make();
    const run = rig.startRun({ event: 'push', actor: 'octocat', headBranch: 'main' });
    const listed = value(
      await rig.github.runJobs(rig.organization, 'acme/app', { runId: run.runId, etag: null }),
    );
    expect(listed?.jobs).toMatchObject([
      {
        jobId: run.jobs[0]?.jobId,
        runId: run.runId,
        runAttempt: 1,
        status: 'queued',
        labels: LABELS,
        runnerName: null,
      },
    ]);
    expect(listed?.etag).toEqual(expect.any(String));
  });

  it('says that they are unchanged, and shows them again once one moved', async () => {
    const rig = await make();
    const { jobId } = await rig.runningJob('runner-1');
    const runId = rig.model.truth.job(jobId, rig.clock.now())?.runId ?? '';
    const look = (etag: string | null) => rig.github.runJobs(rig.organization, 'acme/app', { runId, etag });
    const first = value(await look(null));
    expect(value(await look(first?.etag ?? null))).toEqual({ etag: first?.etag, jobs: null });
    rig.model.cancelJob(jobId, rig.clock.now());
    rig.clock.advance(600_000);
    expect(value(await look(first?.etag ?? null))?.jobs).toMatchObject([
      { jobId, status: expect.any(String) },
    ]);
  });

  it('lists more than a hundred, and nothing of a run that is not there', async () => {
    const rig = await make();
    const jobs = Array.from({ length: 230 }, (_, n) => ({ name: `job ${n}`, labels: LABELS }));
    const run = rig.model.createRun(
      { repository: 'acme/app', event: 'push', actor: 'octocat', jobs },
      rig.clock.now(),
    );
    const look = (runId: string) => rig.github.runJobs(rig.organization, 'acme/app', { runId, etag: null });
    expect(value(await look(run.runId))?.jobs).toHaveLength(230);
    expect(value(await look('404'))).toBeUndefined();
  });
}

function itListsDeliveries(make: Make): void {
  const sent = async (codes: readonly number[]) => {
    const rig = await make();
    for (const statusCode of codes) {
      rig.startRun({ event: 'push', actor: 'octocat' });
      rig.clock.advance(60_000);
      for (const delivery of rig.model.takeDeliveries(rig.clock.now()))
        rig.model.recordDelivery(delivery, { statusCode, durationMs: 5 }, rig.clock.now());
    }
    return rig;
  };
  const ALL = { cursor: null, onlyFailed: false };

  it('lists deliveries, newest first, ids whole beyond what a number holds', async () => {
    const rig = await sent([202, 500, 0]);
    const { deliveries, next } = value(await rig.github.deliveries(ALL));
    expect(deliveries.map(({ statusCode, isOk }) => [statusCode, isOk])).toEqual([
      [0, false],
      [500, false],
      [202, true],
    ]);
    expect(deliveries.map(({ deliveryId }) => BigInt(deliveryId) > 2n ** 53n)).toEqual([true, true, true]);
    expect(new Set(deliveries.map(({ deliveryId }) => deliveryId)).size).toBe(3);
    expect(deliveries[0]).toMatchObject({ event: 'workflow_job', action: 'queued' });
    expect(next).toBeNull();
  });

  it('lists only those with an error status where asked, which hides failed connections', async () => {
    const rig = await sent([202, 500, 0]);
    const { deliveries } = value(await rig.github.deliveries({ cursor: null, onlyFailed: true }));
    expect(deliveries.map(({ statusCode }) => statusCode)).toEqual([500]);
  });

  it('leads on from page to page', async () => {
    const rig = await sent(Array(130).fill(202));
    const first = value(await rig.github.deliveries(ALL));
    expect(first.deliveries).toHaveLength(100);
    const second = value(await rig.github.deliveries({ ...ALL, cursor: first.next }));
    expect(second).toMatchObject({ next: null });
    expect(second.deliveries).toHaveLength(30);
  });

  it('has one sent again under its GUID, and tells when it is gone', async () => {
    const rig = await sent([500]);
    const [failed] = value(await rig.github.deliveries(ALL)).deliveries;
    expect(value(await rig.github.redeliver(failed?.deliveryId ?? ''))).toBe('asked');
    rig.clock.advance(60_000);
    expect(rig.model.takeDeliveries(rig.clock.now())).toMatchObject([
      { guid: failed?.guid, redelivery: true },
    ]);
    expect(value(await rig.github.redeliver('404'))).toBe('gone');
  });
}
