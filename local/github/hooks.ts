import { covers, installationOf } from './accounts.ts';
import { sendHook } from './deliveries.ts';
import type { HookAction } from './payload.ts';
import type { State } from './state.ts';
import type * as T from './types.ts';

/** Tells the App about a job as it stands now, if it is installed on the repository and not suspended. */
export function emit(
  state: State,
  what: { readonly job: T.Job; readonly action: HookAction },
  now: number,
): void {
  const { job, action } = what;
  const { repository } = job.run;
  const installation = installationOf(state, repository.owner);
  if (installation === undefined || installation.suspendedAt !== null) return;
  if (!covers(installation, repository)) return;
  const event = { job, action, facts: job.facts };
  sendHook(state, { event, installationId: installation.id }, now);
}
