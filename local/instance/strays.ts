import { readdirSync, readFileSync } from 'node:fs';

/** The variable by which the real runner finds what a job left behind (actions/runner, JobExtension). */
export const TRACKING_NAME = 'RUNNER_TRACKING_ID';

/**
 * Kills what a job started and moved out of its process group: everything whose environment carries this tracking id.
 * Only processes younger than `afterPid` are looked at. Linux only; elsewhere the process group has to do.
 */
export function killStrays(trackingId: string, afterPid: number): void {
  if (process.platform !== 'linux') return;
  const needle = `${TRACKING_NAME}=${trackingId}\0`;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!(pid > afterPid) || pid === process.pid) continue;
    if (environOf(pid).includes(needle)) killNow(pid);
  }
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
