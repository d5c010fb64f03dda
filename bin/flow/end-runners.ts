import type { RunnerItem } from '../../lambdas/contracts/ledger.ts';
import { endWanted } from '../../lambdas/core/runner.ts';
import { amend } from '../../lambdas/flow/amend.ts';
import { inParallel } from '../../lambdas/flow/bounded.ts';
import { done, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { Stoppable } from '../core/stops.ts';
import type { Stack } from '../ports/stack.ts';
import { openItems } from './open-items.ts';

const WIDTH = 10;

export interface Ended {
  readonly wanted: readonly string[];
  /** Could not be written. */
  readonly failed: readonly string[];
  readonly isWhole: boolean;
}

/** Writes into the ledger that machines are to be ended, busy ones too; the sweep's next pass does it. */
export async function endRunners(what: Stoppable, stack: Stack): Promise<Outcome<Ended>> {
  const open = await openItems(stack);
  if (!open.ok) return open;
  const ofRepository = new Set(
    open.value.jobs
      .filter(
        ({ repository }) => what.kind === 'repository' && repository.fullName.toLowerCase() === what.name,
      )
      .map(({ jobId }) => jobId),
  );
  const chosen = open.value.runners.filter((runner) => isOf(runner, what, ofRepository));
  const act = { now: stack.now(), by: 'operator' as const, reason: 'launches-stopped' as const };
  const written = await inParallel(chosen, WIDTH, ({ instanceId }) =>
    amend(stack.ledger, { kind: 'runner', id: instanceId }, (item) => item && endWanted(item, act)),
  );
  const idsWhere = (isOk: boolean) =>
    chosen.filter((_, index) => written[index]?.ok === isOk).map(({ instanceId }) => instanceId);
  return done({ wanted: idsWhere(true), failed: idsWhere(false), isWhole: open.value.isWhole });
}

/** A machine of an organization belongs to a repository only while it runs a job of it. */
function isOf(
  { pool, job, target }: RunnerItem,
  what: Stoppable,
  ofRepository: ReadonlySet<string>,
): boolean {
  if (what.kind === 'all') return true;
  if (what.kind === 'pool') return pool === what.name;
  if (target.repository !== null) return `${target.owner}/${target.repository}`.toLowerCase() === what.name;
  return job !== null && ofRepository.has(job);
}
