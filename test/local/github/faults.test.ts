import { describe, expect, it } from '@jest/globals';
import { badDay, type Faults } from '../../../local/github/faults.ts';
import { connect, LABELS, makeModel, oneJob, register, runJob, START, startJob } from './fixture.ts';

const late = START + 60_000;
const hour = 3_600_000;
const withFaults = (faults: Partial<Faults>) => makeModel({ faults });
type World = ReturnType<typeof makeModel>;

const get = ({ model, installation }: World, path: string, now = START) =>
  model.request({ method: 'GET', path, caller: { kind: 'installation', id: installation.id } }, now);

describe('webhooks on a bad day', () => {
  it('are lost without a trace in the log', () => {
    const { model } = withFaults({ hookLost: 1 });
    startJob(model, START);
    expect([model.takeDeliveries(late), model.truth.jobs(late).length]).toEqual([[], 1]);
  });

  it('come twice under one GUID', () => {
    const { model } = withFaults({ hookDuplicated: 1 });
    startJob(model, START);
    const [first, second, ...more] = model.takeDeliveries(late);
    expect([first?.guid, more.length]).toEqual([second?.guid, 0]);
    expect(first?.id).not.toBe(second?.id);
  });

  it('come up to half an hour late', () => {
    const { model } = withFaults({ hookLate: 1 });
    for (let i = 0; i < 20; i++) startJob(model, START);
    expect(model.takeDeliveries(START + 10_000).length).toBeLessThan(20);
    model.takeDeliveries(START + hour);
    expect(model.takeDeliveries(START + hour)).toEqual([]);
  });

  it('overtake each other', () => {
    const world = withFaults({ hookReordered: 1 });
    for (let i = 0; i < 20; i++) {
      const name = `r${i}`;
      startJob(world.model, START, oneJob([name]));
      runJob(
        world.model,
        connect(world.model, register(world, { name, labels: [name] }, START), START),
        START,
      );
    }
    const order = world.model
      .takeDeliveries(late)
      .map(({ event }) => `${event.job.name} ${event.job.id} ${event.action}`);
    const isOvertaken = order.some(
      (entry, i) =>
        entry.endsWith('queued') && order.slice(0, i).some((e) => e === entry.replace('queued', 'completed')),
    );
    expect(isOvertaken).toBe(true);
  });

  it('carry no job, signed all the same', () => {
    const { model } = withFaults({ hookMalformed: 1 });
    startJob(model, START);
    const [delivery] = model.takeDeliveries(late);
    expect(delivery && JSON.parse(model.signed(delivery).body)).toMatchObject({
      action: 'queued',
      workflow_job: null,
    });
  });

  it('write "no runner" as 0 and ""', () => {
    const { model } = withFaults({ runnerFieldsZero: 1 });
    model.cancelJob(startJob(model, START), START);
    const done = model.takeDeliveries(late).find(({ event }) => event.action === 'completed');
    expect(done && model.payload(done).workflow_job).toMatchObject({ runner_id: 0, runner_name: '' });
  });
});

describe('answers on a bad day', () => {
  const mint = ({ model, installation }: World) =>
    model.request(
      {
        method: 'POST',
        path: '/orgs/acme/actions/runners/generate-jitconfig',
        caller: { kind: 'installation', id: installation.id },
        body: { name: 'r', runner_group_id: 1, labels: LABELS },
      },
      START,
    );

  it('are 502 with no effect, or 502 although it is done: then the name is taken', () => {
    const refused = withFaults({ serverError: 1 });
    expect([mint(refused).status, refused.model.truth.registrations(START).length]).toEqual([502, 0]);
    const lost = withFaults({ answerLost: 1 });
    expect([mint(lost).status, lost.model.truth.registrations(START).length]).toEqual([502, 1]);
    lost.model.setFaults({ answerLost: 0 });
    expect(mint(lost).status).toBe(409);
  });

  it('show a job as it was, for a short while after a change', () => {
    const world = withFaults({ staleRead: 1 });
    const jobId = startJob(world.model, START);
    world.model.cancelJob(jobId, START + 1_000);
    const status = (now: number) => get(world, `/repos/acme/shop/actions/jobs/${jobId}`, now).body;
    expect(status(START + 20_999)).toMatchObject({ status: 'queued' });
    expect(status(START + 21_000)).toMatchObject({ status: 'completed' });
  });

  it('show a runner as idle that has just begun a job, but deleting it is refused', () => {
    const world = withFaults({ staleRead: 1 });
    const runner = register(world, { name: 'r' }, START);
    const sessionId = connect(world.model, runner, START);
    world.model.acquire({ sessionId, jobId: startJob(world.model, START) }, START);
    const path = `/orgs/acme/actions/runners/${runner.runnerId}`;
    expect(get(world, path).body).toMatchObject({ busy: false });
    const caller = { kind: 'installation', id: world.installation.id } as const;
    expect(world.model.request({ method: 'DELETE', path, caller }, START).status).toBe(422);
  });
});

describe('runners on a bad day', () => {
  it("lose a job to somebody else's, whose name is not one of ours", () => {
    const { model } = withFaults({ stolen: 1 });
    const jobId = startJob(model, START, oneJob(['nobody-has-this']));
    expect(model.truth.job(jobId, START + 30_000)).toMatchObject({
      status: 'in_progress',
      runnerName: 'foreign-5',
    });
    expect(model.truth.job(jobId, START + 90_000)).toMatchObject({ conclusion: 'success' });
  });

  it.each([
    [0, { status: 'queued', conclusion: null }],
    [1, { status: 'completed', conclusion: 'cancelled' }],
  ])('are deleted between assignment and pick-up; with odds %p the job ends so', (deleteCancels, end) => {
    const world = withFaults({ deleteCancels });
    const { runnerId, ...runner } = register(world, { name: 'r' }, START);
    connect(world.model, { runnerId, ...runner }, START);
    const jobId = startJob(world.model, START);
    const caller = { kind: 'installation', id: world.installation.id } as const;
    const path = `/orgs/acme/actions/runners/${runnerId}`;
    expect(world.model.request({ method: 'DELETE', path, caller }, START).status).toBe(204);
    expect(world.model.truth.job(jobId, START)).toMatchObject(end);
  });

  it('are removed while they idle', () => {
    const world = withFaults({ idleRemovedMs: 120_000 });
    const session = connect(world.model, register(world, { name: 'r' }, START), START);
    expect(world.model.poll(session, START + 119_999).kind).toBe('none');
    expect(world.model.poll(session, START + 120_000).kind).toBe('gone');
    expect(world.model.truth.issued(START + 120_000)).toMatchObject([{ removedBy: 'idle', jobId: null }]);
  });

  it('stay listed for a while after their job, and take no second one', () => {
    const world = withFaults({ registrationLingersMs: 20_000 });
    const runner = register(world, { name: 'r' }, START);
    startJob(world.model, START);
    runJob(world.model, connect(world.model, runner, START), START);
    startJob(world.model, START + 2);
    expect(() => connect(world.model, runner, START + 3)).toThrow('invalid-client');
    expect(world.model.truth.registrations(START + 20_000)).toHaveLength(1);
    expect(world.model.truth.registrations(START + 20_001)).toEqual([]);
  });

  it('are too old to connect', () => {
    const world = withFaults({ versionsRefused: ['2.336.0'] });
    const runner = register(world, { name: 'r' }, START);
    expect(() => connect(world.model, runner, START)).toThrow('version-deprecated');
  });
});

describe('the same draws', () => {
  function story(faults: Partial<Faults>) {
    const world = makeModel({ faults });
    for (let i = 0; i < 30; i++) {
      startJob(world.model, START + i * 1_000);
      world.model.takeDeliveries(START + i * 1_000);
    }
    return JSON.stringify([
      world.model.takeDeliveries(START + hour).map(({ id, guid, dueAt }) => [id, guid, dueAt]),
      world.model.truth.jobs(START + hour),
    ]);
  }

  it('give the same story, fault by fault', () => {
    expect(story(badDay)).toBe(story(badDay));
    expect(story(badDay)).not.toBe(story({}));
  });
});
