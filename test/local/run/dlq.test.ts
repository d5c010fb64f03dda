/** Goal: what is parked can be named and replayed. Method: `mayfly dlq` against the running local stack, then on what it left. */
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { openDeployedStack } from '../../../bin/adapters/deployed-stack.ts';
import { openLocalRun } from '../../../bin/adapters/local-run.ts';
import { places, placesParameter } from '../../../lambdas/contracts/places.ts';
import { projectWebhook } from '../../../lambdas/core/project-webhook.ts';
import type { Delivery } from '../../../local/github/deliveries.ts';
import type { GitHubModel } from '../../../local/github/model.ts';
import { dumpLedger, dumpParked } from '../../../local/run/folder.ts';
import { runLine } from '../../bin/rig.ts';
import { isQuiet, STAGE_TEST_MS, type Stage, until, withStage } from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);

/** A GitHub whose `queued` events go into our hands instead of to the webhook. */
function withholding() {
  const held: Delivery[] = [];
  const overGitHub = (model: GitHubModel): GitHubModel => ({
    ...model,
    takeDeliveries: (now) => {
      const due = model.takeDeliveries(now);
      held.push(...due.filter(({ event }) => event.action === 'queued'));
      return due.filter(({ event }) => event.action !== 'queued');
    },
  });
  return { held, overGitHub };
}

async function mayfly(stage: Stage, ...args: readonly string[]) {
  const { endpointUrl, identity } = stage.stack;
  const credentials = { accessKeyId: 'LOCALTEST', secretAccessKey: 'none' };
  const { code, json } = await runLine([...args, '--json'], {
    open: async (target) =>
      target.kind === 'local'
        ? openLocalRun(join(stage.folder.path, '../../..'))
        : openDeployedStack(target.name, { endpoint: endpointUrl, region: identity.region, credentials }),
  });
  return { code, report: json() };
}

/** Puts a text where messages lie that failed too often. */
async function park({ stack }: Stage, MessageBody: string): Promise<void> {
  const value = stack.emulators.ssm.get(placesParameter(stack.identity.stackName)) ?? '';
  const { queues } = places.parse(JSON.parse(value));
  await stack.emulators.sqs.call('SendMessage', { QueueUrl: queues.jobs.parkedUrl, MessageBody });
}

/** The message that the webhook would have made of a delivery. */
function messageOf({ forge, clock }: Stage, delivery: Delivery): string {
  const body = JSON.parse(forge.model.signed(delivery).body);
  const read = projectWebhook(body, { receivedAt: clock.now(), delivery: delivery.guid });
  if (!read.ok) throw new Error('want the webhook of a job');
  return JSON.stringify(read.event);
}

describe('a parked job', () => {
  it('is named, replayed, served and then over; what stays parked is named after the run', async () => {
    const { held, overGitHub } = withholding();
    await withStage({ overGitHub }, async (stage) => {
      const [jobId] = stage.queue({});
      const delivery = await until(stage, 'GitHub announces the job', () => held[0]);
      const message = messageOf(stage, delivery);
      await park(stage, message);
      await park(stage, 'nobody can read this');
      const { stackName } = stage.stack.identity;

      const listed = await mayfly(stage, 'dlq', 'list', '--stack', stackName);
      expect(listed.code).toBe(0);
      const [{ messages }] = listed.report.queues;
      expect(messages.map(({ verdict }: { verdict: string }) => verdict).sort()).toEqual([
        'replay',
        'unreadable',
      ]);

      const replayed = await mayfly(stage, 'dlq', 'replay', '--stack', stackName, '--all');
      expect(replayed).toMatchObject({ code: 1, report: { replayed: 1 } });
      await until(stage, 'the job is over and nothing is left', () => isQuiet(stage));
      expect(stage.snapshot().jobs).toMatchObject([{ jobId, state: 'done' }]);

      await park(stage, message);
      const again = await mayfly(stage, 'dlq', 'replay', '--stack', stackName, '--all');
      expect(again.report.messages.map((one: { verdict: string }) => one.verdict).sort()).toEqual([
        'over',
        'unreadable',
      ]);

      await dumpLedger(stage.stack, stage.folder);
      expect(await dumpParked(stage.stack, stage.folder)).toHaveLength(2);
      const ran = {
        v: 1 as const,
        name: 'test',
        startedAt: 1,
        endedAt: 2,
        speed: 25,
        jobs: 1,
        summary: null,
      };
      stage.folder.write({
        ...ran,
        ledgerNow: stage.clock.now(),
        stackId: stage.stack.outputs['StackId'] ?? '',
      });
      const left = await mayfly(stage, 'dlq', 'list', '--local');
      expect(left.report).toMatchObject({ stack: 'local run test', queues: [{ seen: 2 }, { seen: 0 }] });
      expect(left.report.queues[0].messages).toContainEqual(
        expect.objectContaining({ jobId, verdict: 'over', verdictWhy: expect.stringMatching(/over/) }),
      );
    });
  });
});
