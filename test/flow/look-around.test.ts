import { describe, expect, it } from '@jest/globals';
import { createStage, type Stage } from './stage.ts';

const MINUTE = 60_000;

/** The App's webhook, as it answers: a code for each delivery; what is answered 202 reaches dispatch. */
async function deliver(stage: Stage, codeOf: (action: string, jobId: string) => number): Promise<number> {
  const { github, clock } = stage;
  let count = 0;
  for (const delivery of github.takeDeliveries(clock.now())) {
    count += 1;
    const { action, job } = delivery.event;
    const statusCode = codeOf(action, String(job.id));
    github.recordDelivery(delivery, { statusCode, durationMs: 5 }, clock.now());
    if (statusCode === 202) await stage.dispatch([stage.messageOf(delivery)]);
  }
  return count;
}

async function minutes(
  stage: Stage,
  count: number,
  codeOf: (action: string, jobId: string) => number = () => 202,
) {
  for (let minute = 0; minute < count; minute += 1) {
    await stage.pass(MINUTE);
    await deliver(stage, codeOf);
    await stage.sweep();
  }
}

const ids = (stage: Stage): string[] =>
  stage
    .items('job')
    .map(({ jobId }) => jobId)
    .sort();
const metric = (stage: Stage, name: string): number =>
  stage.counts.filter(({ metric: one }) => one === name).length;

describe('a job that was never announced', () => {
  it('is found through another job of its run', async () => {
    const stage = createStage();
    const [known, lost] = stage.queue(2);
    await minutes(stage, 1, (_action, jobId) => (jobId === lost?.jobId ? 401 : 202));
    expect(ids(stage)).toEqual([known?.jobId]);
    await minutes(stage, 8);
    expect(ids(stage)).toEqual([known?.jobId, lost?.jobId].sort());
    expect(metric(stage, 'JobsDiscovered')).toBe(1);
    expect(stage.ec2.instances(stage.clock.now()).length).toBeGreaterThanOrEqual(2);
  });

  it('is found through the open runs of its repository, when nothing of its run is known', async () => {
    const stage = createStage();
    const [lost] = stage.queue();
    await minutes(stage, 6, () => 401);
    expect(ids(stage)).toEqual([lost?.jobId]);
    expect(stage.items('job')).toMatchObject([{ fact: 'queued', outcome: 'open', pool: 'linux-x64' }]);
  });

  it('of other labels is none of ours', async () => {
    const stage = createStage();
    stage.queue(1, ['ubuntu-latest']);
    await minutes(stage, 10, () => 401);
    expect(ids(stage)).toEqual([]);
    expect(stage.items('run')).toMatchObject([{ isOurs: false }]);
  });

  it('of a repository whose owner is not on the list is not even looked for', async () => {
    const stage = createStage();
    stage.github.addOrganization('mallory');
    stage.github.addRepository({ fullName: 'mallory/app' }, stage.clock.now());
    stage.github.addInstallation({ account: 'mallory' });
    const jobs = [{ name: 'job', labels: ['self-hosted', 'linux', 'x64'] }];
    stage.github.createRun(
      { repository: 'mallory/app', event: 'push', actor: 'eve', jobs },
      stage.clock.now(),
    );
    await minutes(stage, 10, () => 401);
    expect(ids(stage)).toEqual([]);
  });
});

describe('an end that was never announced', () => {
  it('is learnt from the run, and the run is then left alone', async () => {
    const stage = createStage();
    const [job] = stage.queue();
    await minutes(stage, 1);
    stage.github.cancelJob(job?.jobId ?? '', stage.clock.now());
    await minutes(stage, 8, () => 401);
    expect(stage.items('job')).toMatchObject([{ fact: 'completed', conclusion: 'cancelled' }]);
    await minutes(stage, 8);
    expect(stage.items('run')).toMatchObject([{ due: null, expiresAtSeconds: expect.any(Number) }]);
  });
});

describe('a webhook that failed', () => {
  it('is asked for again, and its job is served', async () => {
    const stage = createStage();
    await minutes(stage, 2);
    const [job] = stage.queue();
    let isDown = true;
    await minutes(stage, 3, () => {
      const code = isDown ? 500 : 202;
      isDown = false;
      return code;
    });
    expect(ids(stage)).toEqual([job?.jobId]);
    expect(metric(stage, 'WebhookRedelivered')).toBe(1);
    expect(stage.items('hook')).toMatchObject([{ open: [] }]);
  });

  it.each([401, 413])('with %i is never asked for again', async (code) => {
    const stage = createStage();
    await minutes(stage, 2);
    stage.queue();
    await minutes(stage, 10, () => code);
    expect(metric(stage, 'WebhookRedelivered')).toBe(0);
  });

  it('because nobody answered is found as well', async () => {
    const stage = createStage();
    await minutes(stage, 2);
    stage.queue();
    let isDown = true;
    await minutes(stage, 4, () => {
      const code = isDown ? 0 : 202;
      isDown = false;
      return code;
    });
    expect(metric(stage, 'WebhookRedelivered')).toBe(1);
    expect(stage.items('hook')).toMatchObject([{ open: [] }]);
  });

  it('at every try is given up after three, and told', async () => {
    const stage = createStage();
    await minutes(stage, 2);
    stage.queue();
    await minutes(stage, 120, () => 503);
    expect(metric(stage, 'WebhookRedelivered')).toBe(3);
    expect(metric(stage, 'WebhookGivenUp')).toBe(1);
    expect(stage.items('hook')).toMatchObject([{ open: [] }]);
  });
});
