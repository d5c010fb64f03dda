import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A log under `_diag`, named and dated as the real one's: `<who>_<utc>-utc.log`. */
export type Diag = { write(line: string): void };

/** `2026-01-02 03:04:05Z`, .NET's format "u": what the Listener prints and what its logs carry. */
export const utcStamp = (now: number): string =>
  new Date(now)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');

/** Opens the log, so that it exists from now on: the Worker's is the sign that a job has begun. */
export function openDiag(root: string, who: 'Runner' | 'Worker', now: number): Diag {
  const folder = join(root, '_diag');
  mkdirSync(folder, { recursive: true });
  const name = utcStamp(now).replaceAll(/[-:Z]/g, '').replace(' ', '-');
  const path = join(folder, `${who}_${name}-utc.log`);
  appendFileSync(path, '');
  return { write: (line) => appendFileSync(path, `[${utcStamp(Date.now())} INFO ${who}] ${line}\n`) };
}
