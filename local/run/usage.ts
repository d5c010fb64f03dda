import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFolder } from './folder.ts';
import type { Snapshot } from './snapshot.ts';

/** Whether each machine of the run has a usage record: the sweep writes it in its next pass after the end. */
export function hasAllUsage({ path }: RunFolder, { runners }: Snapshot): boolean {
  if (runners.length === 0) return true;
  const written = new Set(
    [...textOf(join(path, 'usage/records.jsonl')).matchAll(/"instance_id":"(i-[0-9a-f]+)"/g)].map(
      ([, id]) => id,
    ),
  );
  return runners.every(({ instanceId }) => written.has(instanceId));
}

/** Nothing is written before the first machine has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
