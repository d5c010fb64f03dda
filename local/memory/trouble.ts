import { type Fault, failed, type Outcome } from '../../lambdas/ports/outcome.ts';

/** Something goes wrong with one call: before it has an effect, or after, when only its answer is lost. */
export interface Trouble {
  readonly when: 'before' | 'after';
  readonly fault: Fault;
}

/** Asked once for each call of a port, by its name (`ledger.write`); undefined lets it be. */
export type TroublePlan = (call: string) => Trouble | undefined;

/** A call under a plan: a fault `before` leaves no trace, one `after` hides what happened. */
export async function underPlan<T>(
  plan: TroublePlan | undefined,
  call: string,
  work: () => Outcome<T> | Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const trouble = plan?.(call);
  if (trouble?.when === 'before') return failed(trouble.fault);
  const outcome = await work();
  return trouble === undefined ? outcome : failed(trouble.fault);
}
