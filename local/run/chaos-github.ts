import type { Delivery } from '../github/deliveries.ts';
import type { Draw } from '../github/draw.ts';
import type { Faults } from '../github/faults.ts';
import type { GitHubModel } from '../github/model.ts';
import type { Strike } from './chaos.ts';

/** Odds at which a run of a hundred jobs, hence three hundred events, meets each kind several times. */
const FAULTS: Partial<Faults> = { hookDuplicated: 0.08, hookReordered: 0.15, stolen: 0.08 };
const LOST_SHARE = 0.03;

const ORDER: readonly string[] = ['queued', 'in_progress', 'completed'];

/** A GitHub on a bad day, between its model and all who speak with it; tells what it did. */
export const chaoticGitHub =
  (draw: Draw, strike: Strike) =>
  (model: GitHubModel): GitHubModel => {
    model.setFaults(FAULTS);
    const lost = new Set<string>();
    const isLost = ({ event, guid, redelivery }: Delivery): boolean => {
      const { job, action } = event;
      // Lost for ever: GitHub keeps no delivery of it that could be asked for again.
      if (redelivery || draw(`lost ${job.id} ${action}`) >= LOST_SHARE) return false;
      if (!lost.has(guid)) strike('webhook-lost', action);
      lost.add(guid);
      return true;
    };
    const note = noting(strike);
    return {
      ...model,
      takeDeliveries: (now) => model.takeDeliveries(now).filter((delivery) => !isLost(delivery)),
      recordDelivery: (delivery, receipt, now) => {
        note(delivery);
        model.recordDelivery(delivery, receipt, now);
      },
    };
  };

/** Counts what arrived twice, and what arrived after a later event of its job. */
function noting(strike: Strike): (delivery: Delivery) => void {
  const arrived = new Set<string>();
  const latest = new Map<number, number>();
  return ({ event, guid, redelivery }) => {
    const { job, action } = event;
    if (redelivery) return;
    if (arrived.has(guid)) {
      strike('webhook-doubled', action);
      return;
    }
    arrived.add(guid);
    const before = latest.get(job.id) ?? -1;
    const order = ORDER.indexOf(action);
    if (order < before) strike('webhook-reordered', action);
    latest.set(job.id, Math.max(before, order));
  };
}
