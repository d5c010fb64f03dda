import type { UsageRecord } from '../../lambdas/contracts/usage.ts';
import type { Context, Rule } from './rules.ts';

const MINUTE = 60_000;
/** A death noticed by a sweep, and a few passes whose calls fail. */
const WRITTEN_WITHIN_MS = 15 * MINUTE;

/** Each machine that ended long enough ago has a record; records add up; one revision never says two things. */
export const usageWhole: Rule = {
  name: 'UsageWhole',
  code: 'A3',
  says: 'each ended machine has its usage record, each adds up, and its newest revision names the job it ran',
  create: (context) => ({
    at: { end: () => [...missing(context), ...context.sim.usage.records.flatMap(unsound)] },
  }),
};

function missing({ sim, truth }: Context): readonly string[] {
  const latest = new Map<string, UsageRecord>();
  for (const record of sim.usage.records) {
    const known = latest.get(record.instance_id);
    if (known === undefined || known.revision <= record.revision) latest.set(record.instance_id, record);
  }
  return [...truth.items.values()].flatMap((item) => {
    if (item.kind !== 'runner' || item.rank !== 'ended') return [];
    const endedAt = item.at.ended ?? item.at.launched;
    if (sim.clock.now - endedAt < WRITTEN_WITHIN_MS + 60 * MINUTE) return [];
    const record = latest.get(item.instanceId);
    if (record === undefined) return [`${item.instanceId} ended and has no usage record`];
    return record.job_id === item.job
      ? []
      : [`${item.instanceId} ran ${item.job}, its record says ${record.job_id}`];
  });
}

function unsound(record: UsageRecord): readonly string[] {
  const parts = [
    record.job_micro_usd,
    record.control_plane_micro_usd,
    record.waste_boot_micro_usd,
    record.waste_idle_micro_usd,
    record.waste_failed_boot_micro_usd,
    record.waste_interrupted_micro_usd,
    record.waste_never_used_micro_usd,
    record.waste_minimum_charge_micro_usd,
  ];
  const sum = parts.reduce((all, one) => all + one, 0);
  const isWhole = sum === record.total_micro_usd && parts.every((part) => part >= 0);
  return isWhole
    ? []
    : [`the record of ${record.instance_id} costs ${record.total_micro_usd}, its parts ${sum}`];
}
