import type { JobItem, StopItem } from '../contracts/ledger.ts';

/** Whether an operator, or the removal of the stack, stopped launches for what this job belongs to. */
export function isStoppedFor(stop: StopItem | undefined, job: Pick<JobItem, 'pool' | 'repository'>): boolean {
  if (stop === undefined) return false;
  const { pools = {}, repositories = {} } = stop;
  return (
    stop.stopped ||
    (job.pool !== null && Object.hasOwn(pools, job.pool)) ||
    Object.hasOwn(repositories, job.repository.fullName.toLowerCase())
  );
}
