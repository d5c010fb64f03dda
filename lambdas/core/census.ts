import type { RunnerItem } from '../contracts/ledger.ts';
import type { SeenRunner } from '../ports/github.ts';
import { instanceOfRunnerName } from './job.ts';

/** What a complete list of a scope's registrations says about the runners behind them: decisions only. */

/** An agent that has been silent for so long has lost its machine or its network; it speaks once a minute. */
export const SILENT_MS = 5 * 60_000;

export type Finding =
  /** A registration of ours without a record: nobody will ever use it. */
  | { readonly do: 'delete-ghost'; readonly name: string; readonly runnerId: string }
  /** Offline and busy: it died in the middle of its job. */
  | { readonly do: 'end-lost'; readonly instanceId: string; readonly name: string };

/**
 * `known` holds the items of the instances that the names tell; `unread` those whose item could not be read: they are left
 * alone. The agent's word that a job runs wins over REST: a runner that speaks is never lost, whatever the list says.
 */
export function judgeRegistrations(
  listed: readonly SeenRunner[],
  known: ReadonlyMap<string, RunnerItem>,
  at: { readonly now: number; readonly stackId: string; readonly unread: ReadonlySet<string> },
): readonly Finding[] {
  return listed.flatMap((seen): Finding[] => {
    const instanceId = instanceOfRunnerName(seen.name, at.stackId);
    if (instanceId === null || at.unread.has(instanceId)) return [];
    const runner = known.get(instanceId);
    if (runner === undefined)
      return seen.online || seen.busy
        ? []
        : [{ do: 'delete-ghost', name: seen.name, runnerId: seen.runnerId }];
    return isLost(seen, runner, at.now) ? [{ do: 'end-lost', instanceId, name: seen.name }] : [];
  });
}

export function isLost(seen: Pick<SeenRunner, 'online' | 'busy'>, runner: RunnerItem, now: number): boolean {
  if (seen.online || !seen.busy || runner.rank !== 'busy' || runner.at.finished !== null) return false;
  const spokeAt = runner.at.heartbeat ?? runner.at.busy ?? runner.at.launched;
  return now - spokeAt > SILENT_MS;
}
