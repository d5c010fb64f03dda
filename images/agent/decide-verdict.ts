import type { ListenerVerdict } from '../../lambdas/contracts/report.ts';

/** How one Listener ended. */
export type ListenerOutcome = {
  readonly exitCode: number | null;
  /** A Worker was seen, by its log or as a process, at any time. */
  readonly hasWorkerRun: boolean;
  /** The agent ended it. */
  readonly wasStopped: boolean;
  /** How often a Listener was started again on this machine. */
  readonly relaunches: number;
};

export type AfterListener =
  | { readonly do: 'relaunch' }
  | { readonly do: 'end'; readonly verdict: ListenerVerdict };

/** A self-update needs one relaunch; a third that asks again will not settle. */
const RELAUNCHES_MAX = 3;

/** Exit codes of Runner.Listener (actions/runner, Constants.Runner.ReturnCode). */
const EXIT = {
  success: 0,
  terminated: 1,
  retryable: 2,
  updating: 3,
  onceUpdating: 4,
  sessionConflict: 5,
  deprecated: 7,
} as const;

/** The Worker's log first, the exit code second: the Listener exits with 0 also when no job ran. */
export function decideVerdict(outcome: ListenerOutcome): AfterListener {
  if (outcome.hasWorkerRun) return { do: 'end', verdict: 'ran' };
  if (outcome.wasStopped) return { do: 'end', verdict: 'unused' };
  switch (outcome.exitCode) {
    // Listening ended without a job, or (1) the registration was gone before the first session.
    case EXIT.success:
    case EXIT.terminated:
      return { do: 'end', verdict: 'unused' };
    case EXIT.retryable:
      return outcome.relaunches < RELAUNCHES_MAX ? { do: 'relaunch' } : { do: 'end', verdict: 'failed' };
    case EXIT.updating:
    case EXIT.onceUpdating:
      return outcome.relaunches < RELAUNCHES_MAX ? { do: 'relaunch' } : { do: 'end', verdict: 'outdated' };
    case EXIT.sessionConflict:
      return { do: 'end', verdict: 'session-conflict' };
    case EXIT.deprecated:
      return { do: 'end', verdict: 'outdated' };
    default:
      return { do: 'end', verdict: 'failed' };
  }
}
