/** Goal: the operator's commands work on a run that lasts, by the real bundles, and on what it left. Method: one run, seen by `--local`. */
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { openLocalRun } from '../../../bin/adapters/local-run.ts';
import type { RunFile } from '../../../lambdas/contracts/run-folder.ts';
import { dumpLedger, dumpParked } from '../../../local/run/folder.ts';
import { runLine } from '../../bin/rig.ts';
import { isQuiet, STAGE_TEST_MS, type Stage, until, withStage } from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);

const mayfly = (stage: Stage, line: string) =>
  runLine(`${line} --local --json`.split(' '), {
    open: () => openLocalRun(join(stage.folder.path, '../../..')),
  });

function writeRun(stage: Stage, change: Pick<RunFile, 'endedAt' | 'live' | 'ledgerNow'>): void {
  const { clock, stack, folder } = stage;
  const base = { v: 1 as const, name: 'test', startedAt: 1, speed: clock.speed, jobs: 1, summary: null };
  folder.write({ ...base, stackId: stack.outputs['StackId'] ?? '', ...change });
}

describe('the commands of the CLI on a local run', () => {
  it('stop its launches and resume them while it lasts, say why all along, and tell of what it left', async () => {
    await withStage({}, async (stage) => {
      const { stack, clock } = stage;
      const { region, stackName } = stack.identity;
      const live = { endpointUrl: stack.endpointUrl, region, stackName, epochMs: clock.epochMs };
      writeRun(stage, { endedAt: null, live });
      expect(await mayfly(stage, 'stop all')).toMatchObject({ code: 0 });
      const [jobId = ''] = stage.queue({});
      const why = async () => (await mayfly(stage, `why ${jobId}`)).json();
      await until(
        stage,
        'the job waits for launches',
        async () => (await mayfly(stage, `why ${jobId}`)).code === 0,
      );
      await until(stage, 'why says so', async () => (await why()).jobs[0].reason === 'launches-stopped');
      expect(stage.snapshot().runners).toEqual([]);
      const status = (await mayfly(stage, 'status')).json();
      expect(status).toMatchObject({
        stack: 'local run test',
        stopped: { all: true },
        jobs: { launching: 0 },
      });
      expect(Math.abs(status.now - clock.now())).toBeLessThan(60_000);
      expect(status.pools.map(({ pool }: { pool: string }) => pool)).toEqual(['linux-arm64', 'linux-x64']);

      expect(await mayfly(stage, 'resume all')).toMatchObject({ code: 0 });
      await until(
        stage,
        'a machine lives',
        async () => (await mayfly(stage, 'runners')).json().runners.length === 1,
      );
      await until(stage, 'the job is over and nothing is left', () => isQuiet(stage));
      const { runId } = (await why()).jobs[0];
      const url = `https://github.com/acme/app/actions/runs/${runId}`;
      const running = (await mayfly(stage, `why ${url}`)).json();

      await dumpLedger(stack, stage.folder);
      await dumpParked(stack, stage.folder);
      writeRun(stage, { endedAt: Date.now(), ledgerNow: clock.now() });
      const left = (await mayfly(stage, `why ${url}`)).json();
      expect(left.jobs).toMatchObject([
        { jobId, state: 'completed', reason: 'job-completed', waitsFor: null },
      ]);
      expect(running.jobs[0].jobId).toBe(jobId);
      expect(await mayfly(stage, 'stop all')).toMatchObject({ code: 2 });
      const ran = stage.issued().find((one) => one.jobId === jobId)?.name ?? '';
      expect((await mayfly(stage, `why ${ran}`)).json().runner).toMatchObject({
        job: jobId,
        pool: 'linux-x64',
      });
    });
  });
});
