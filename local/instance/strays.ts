import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The variable by which the real runner finds what a job left behind (actions/runner, JobExtension). */
export const TRACKING_NAME = 'RUNNER_TRACKING_ID';

/** A killed process is gone within some turns; one that the kernel holds (a dead disk) is not waited for longer. */
const LOOKS_MAX = 200;
/** Between fork and exec a process shows no environment for a moment: one empty look is no proof. */
const EMPTY_LOOKS = 3;

/** Kills all of an instance that `killStrays` can find, and resolves when none of it is left. */
export async function endStrays(trackingId: string, afterPid: number): Promise<void> {
  let emptyLooks = 0;
  for (let looks = 0; looks < LOOKS_MAX && emptyLooks < EMPTY_LOOKS; looks += 1) {
    emptyLooks = killStrays(trackingId, afterPid) === 0 ? emptyLooks + 1 : 0;
    await nextTurn();
  }
}

/**
 * Kills what was started for an instance, whatever its process group: everything younger than `afterPid` that carries
 * this tracking id in its environment, under whatever name. Returns how many there were. Linux only; elsewhere the
 * process group has to do.
 */
export function killStrays(trackingId: string, afterPid: number): number {
  if (process.platform !== 'linux') return 0;
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > afterPid && pid !== process.pid)
    .filter((pid) => environOf(pid).includes(`=${trackingId}\0`));
  for (const pid of pids) killNow(pid);
  return pids.length;
}

/** Kills a process, or with a negative number its group; one that is gone already is as good. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, or not ours.
  }
}

function environOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
