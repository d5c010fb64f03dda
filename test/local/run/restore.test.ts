/** Goal: the restore drill of docs/operations.md holds for what is deployed. Method: the table of a running local stack is emptied. */
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { objectsIn } from '../../../local/aws/allow-list.ts';
import { counted, isQuiet, STAGE_TEST_MS, type Stage, until, withStage } from './stage.ts';

jest.setTimeout(STAGE_TEST_MS);

/** Deletes every item of the ledger; tells how many. */
async function emptyLedger({ stack }: Stage): Promise<number> {
  const { dynamodb } = stack.emulators;
  const TableName = stack.outputs['LedgerTable'] ?? '';
  const { Items } = await dynamodb.call('Scan', { TableName });
  const items = objectsIn(Items);
  for (const { pk } of items) await dynamodb.call('DeleteItem', { TableName, Key: { pk: pk ?? null } });
  return items.length;
}

describe('a ledger that is emptied while machines run', () => {
  it('has them ended by the sweep, serves the next job on a machine of its own, and leaves nothing', async () => {
    await withStage({}, async (stage) => {
      const forever = `until [ -f ${join(stage.proofs, 'never')} ]; do sleep 0.05; done`;
      const [lost = ''] = stage.queue({ steps: [{ name: 'wait', run: forever }] });
      const stateOf = (jobId: string) => stage.snapshot().jobs.find((job) => job.jobId === jobId)?.state;
      await until(stage, 'the job runs', () => stateOf(lost) === 'running');
      const before = stage.snapshot().runners.map(({ instanceId }) => instanceId);
      expect(await emptyLedger(stage)).toBeGreaterThan(3);

      const [next = ''] = stage.queue({});
      await until(stage, 'the next job is done', () => stateOf(next) === 'done');
      await until(stage, 'nothing is left', () => isQuiet(stage));
      expect(stateOf(lost)).toBe('failed');
      const ranOn = stage.issued().find(({ jobId }) => jobId === next)?.name ?? '';
      expect(before.filter((instanceId) => ranOn.includes(instanceId))).toEqual([]);
      expect(counted(stage, 'OrphanFound')).toBeGreaterThanOrEqual(1);
    });
  });
});
