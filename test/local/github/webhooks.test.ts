import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verify } from '@octokit/webhooks-methods';
import type { Delivery } from '../../../local/github/deliveries.ts';
import {
  connect,
  failureOf,
  jwt,
  LABELS,
  makeModel,
  oneJob,
  register,
  runJob,
  SECRET,
  START,
  serve,
  startJob,
} from './fixture.ts';

type World = ReturnType<typeof makeModel>;
const late = START + 60_000;
const day = 86_400_000;

const said = ({ model }: World, due: readonly Delivery[]) =>
  due.map((delivery) => [delivery.event.action, model.payload(delivery).workflow_job?.status]);

describe('when a webhook is posted', () => {
  it('follows a job: queued, in progress, completed', () => {
    const world = makeModel();
    startJob(world.model, START);
    const queued = said(world, world.model.takeDeliveries(late));
    runJob(world.model, connect(world.model, register(world, { name: 'r' }, late), late), late);
    const rest = said(world, world.model.takeDeliveries(late + 60_000));
    expect(queued).toEqual([['queued', 'queued']]);
    expect(rest).toEqual(
      expect.arrayContaining([
        ['in_progress', 'in_progress'],
        ['completed', 'completed'],
      ]),
    );
  });

  it('takes some time: nothing is due at once, all within two seconds, and each is taken once', () => {
    const { model } = makeModel();
    startJob(model, START);
    expect(model.takeDeliveries(START)).toEqual([]);
    expect(model.nextDueAt()).toBeGreaterThan(START);
    expect(model.takeDeliveries(START + 2_000)).toHaveLength(1);
    expect(model.takeDeliveries(late)).toEqual([]);
  });

  it('announces a job behind an approval as queued with the status waiting, and again when it is released', () => {
    const world = makeModel();
    const jobs = [{ name: 'deploy', labels: LABELS, environment: 'production' }];
    const [job] = world.model.createRun({ ...oneJob(), jobs }, START).jobs;
    const first = world.model.takeDeliveries(late);
    expect(said(world, first)).toEqual(
      expect.arrayContaining([
        ['queued', 'waiting'],
        ['waiting', 'waiting'],
      ]),
    );
    const queued = first.find(({ event }) => event.action === 'queued');
    expect(queued && world.model.payload(queued).deployment).toMatchObject({ environment: 'production' });
    world.model.approveJob(job?.jobId ?? '', late);
    expect(said(world, world.model.takeDeliveries(late + 60_000))).toEqual([['queued', 'queued']]);
  });

  it('announces a held job like any other, long before it can run', () => {
    const world = makeModel();
    world.model.createRun({ ...oneJob(), jobs: [{ name: 'deploy', labels: LABELS, held: true }] }, START);
    expect(said(world, world.model.takeDeliveries(late))).toEqual([['queued', 'queued']]);
  });

  it('shows no runner on a job cancelled before it had one', () => {
    const { model } = makeModel();
    model.cancelJob(startJob(model, START), START);
    const done = model.takeDeliveries(late).find(({ event }) => event.action === 'completed');
    expect(done && model.payload(done).workflow_job).toMatchObject({
      conclusion: 'cancelled',
      runner_id: null,
      runner_name: null,
    });
  });

  it('is not posted for what the App is not installed on', () => {
    const { model } = makeModel();
    model.addRepository({ fullName: 'mallory/tool' }, START);
    startJob(model, START, { ...oneJob(), repository: 'mallory/tool' });
    expect(model.takeDeliveries(late)).toEqual([]);
  });
});

describe('what a webhook carries', () => {
  const examples: { name: string; examples: Record<string, Record<string, unknown>>[] }[] = createRequire(
    import.meta.url,
  )('@octokit/webhooks-examples');
  const example = examples
    .find(({ name }) => name === 'workflow_job')
    ?.examples.find(({ deployment }) => deployment !== undefined);

  function posted() {
    const { model } = makeModel();
    const jobs = [{ name: 'deploy', labels: LABELS, environment: 'production' }];
    model.createRun({ ...oneJob(), jobs }, START);
    const delivery = model.takeDeliveries(late).find(({ event }) => event.action === 'queued');
    if (delivery === undefined) throw new Error('nothing was posted');
    return { model, delivery, ...model.signed(delivery) };
  }

  it("has every field of GitHub's own example, at each level", () => {
    const payload = JSON.parse(posted().body);
    expect(Object.keys(example ?? {}).length).toBeGreaterThan(5);
    for (const [part, fields] of Object.entries(example ?? {})) {
      expect(payload).toHaveProperty(part);
      if (typeof fields !== 'object') continue;
      expect(Object.keys(payload[part])).toEqual(expect.arrayContaining(Object.keys(fields)));
    }
    expect(payload.repository.owner).toEqual(
      expect.objectContaining({ login: 'acme', type: 'Organization' }),
    );
    expect(payload.organization).toMatchObject({ login: 'acme' });
  });

  it("names our repository, job and installation, and nothing of the example's", () => {
    const { body } = posted();
    expect(body).not.toContain('lineville');
    expect(JSON.parse(body)).toMatchObject({
      action: 'queued',
      workflow_job: { name: 'deploy', labels: LABELS, run_attempt: 1, head_branch: 'main', steps: [] },
      repository: { full_name: 'acme/shop', private: true, visibility: 'private', fork: false },
      installation: { id: expect.any(Number) },
      sender: { login: 'alice' },
    });
  });

  it('is signed over its very bytes, by SHA-256 and of old by SHA-1', async () => {
    const { body, headers } = posted();
    expect(await verify(SECRET, body, headers['x-hub-signature-256'] ?? '')).toBe(true);
    expect(await verify(SECRET, `${body} `, headers['x-hub-signature-256'] ?? '')).toBe(false);
    expect(headers['x-hub-signature']).toMatch(/^sha1=[0-9a-f]{40}$/);
  });

  it('has the headers of a hook of an App', () => {
    const { headers, delivery } = posted();
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
      'x-github-event': 'workflow_job',
      'x-github-delivery': delivery.guid,
      'x-github-hook-id': expect.stringMatching(/^\d+$/),
      'x-github-hook-installation-target-id': '7',
      'x-github-hook-installation-target-type': 'integration',
    });
    expect(delivery.guid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});

describe('the log of deliveries', () => {
  type Served = Awaited<ReturnType<typeof serve>>;
  let world: Served;
  beforeEach(async () => {
    world = await serve();
  });
  afterEach(() => world.github.close());

  /** Starts a job and answers its webhook with a status. */
  function answered(statusCode: number): Delivery {
    startJob(world.model, world.time.now);
    world.time.now += 2_000;
    const [delivery] = world.model.takeDeliveries(world.time.now);
    if (delivery === undefined) throw new Error('nothing was posted');
    world.model.recordDelivery(delivery, { statusCode, durationMs: 120 }, world.time.now);
    return delivery;
  }

  async function listed(query = '') {
    const answer = await fetch(`${world.github.url}/app/hook/deliveries${query}`, {
      headers: { authorization: `Bearer ${jwt(world.time.now)}` },
    });
    return { text: await answer.text(), link: answer.headers.get('link') };
  }

  it('lists newest first, with ids that no JavaScript number holds', async () => {
    const [first, second] = [answered(202), answered(500)];
    const { text } = await listed();
    expect([...text.matchAll(/"id":(\d+)/g)].map(([, id]) => id)).toEqual([second.id, first.id]);
    expect(Number(first.id)).toBe(Number(second.id));
    expect(JSON.parse(text)).toMatchObject([
      { status_code: 500, event: 'workflow_job', action: 'queued', redelivery: false, duration: 0.12 },
      { status_code: 202, status: 'OK' },
    ]);
  });

  it('is walked by a cursor, and filtered by status; a failed connection matches neither filter', async () => {
    const all = [answered(200), answered(502), answered(0)].map(({ id }) => id);
    const ids = (text: string) => [...text.matchAll(/"id":(\d+)/g)].map(([, id]) => id);
    const page = await listed('?per_page=2');
    expect(ids(page.text)).toEqual([all[2], all[1]]);
    expect(page.link).toContain(`cursor=${all[1]}`);
    const next = await listed(`?per_page=2&cursor=${all[1]}`);
    expect([ids(next.text), next.link]).toEqual([[all[0]], null]);
    expect(ids((await listed('?status=failure')).text)).toEqual([all[1]]);
    expect(ids((await listed('?status=success')).text)).toEqual([all[0]]);
  });

  it('sends a delivery again under its GUID and a new id', async () => {
    const first = answered(500);
    const attempt = world.asApp().request(`POST /app/hook/deliveries/${first.id}/attempts`);
    expect((await attempt).status).toBe(202);
    const [again] = world.model.takeDeliveries(world.time.now + 2_000);
    expect(again).toMatchObject({ guid: first.guid, redelivery: true });
    expect(again?.id).not.toBe(first.id);
    expect(again && world.model.payload(again)).toEqual(world.model.payload(first));
  });

  it('forgets a delivery after three days', async () => {
    const first = answered(500);
    const attempt = () => failureOf(world.asApp().request(`POST /app/hook/deliveries/${first.id}/attempts`));
    world.time.now += 3 * day - 1;
    expect((await attempt()).status).toBeUndefined();
    world.time.now += 1;
    expect((await attempt()).status).toBe(404);
  });
});
