import type { BudgetItem, PoolItem } from '../../lambdas/contracts/ledger.ts';
import { freshPool } from '../../lambdas/core/breaker.ts';
import { BUDGET, freshBudget, LAUNCH_BUCKET } from '../../lambdas/core/pacing.ts';
import { done, type Outcome } from '../../lambdas/ports/outcome.ts';
import type { Standing } from '../core/status.ts';
import type { Stack } from '../ports/stack.ts';
import { openItems } from './open-items.ts';

/** Reads all that a status counts. */
export async function standingOf(stack: Stack): Promise<Outcome<Standing>> {
  const { ledger } = stack;
  const now = stack.now();
  const open = await openItems(stack);
  if (!open.ok) return open;
  const used = [...open.value.jobs, ...open.value.runners].flatMap(({ pool }) => pool ?? []);
  const names = [...new Set([...stack.pools, ...used])];
  const pools = await ledger.readMany('pool', names);
  if (!pools.ok) return pools;
  const installations = new Set(open.value.jobs.flatMap(({ installationId }) => installationId ?? []));
  const budgets = await ledger.readMany('budget', [
    ...[BUDGET.launch, BUDGET.metadata],
    ...[...installations].slice(0, INSTALLATIONS_MAX).map(BUDGET.mint),
  ]);
  if (!budgets.ok) return budgets;
  const stop = await ledger.read('stop', 'all');
  if (!stop.ok) return stop;
  const known = new Map<string, PoolItem>(pools.value.map((pool) => [pool.pool, pool]));
  return done({
    ...{ open: open.value, stop: stop.value, now },
    // A pool that never launched has no item yet.
    pools: names.map((name) => known.get(name) ?? freshPool(name)),
    budgets: budgets.value.length > 0 ? budgets.value : [unused(now)],
  });
}

/** As many as one read takes beside the others. */
const INSTALLATIONS_MAX = 90;

const unused = (now: number): BudgetItem => freshBudget(BUDGET.launch, LAUNCH_BUCKET, now);
