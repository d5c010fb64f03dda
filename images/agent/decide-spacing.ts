/** The first wait of every growing spacing. */
const FIRST_MS = 1_000;

/**
 * Wait before the next try in ms: doubles from one second up to `maxMs`, its upper half drawn by `fraction` in [0, 1),
 * so that machines that failed together do not come back together.
 */
export function spacing(tries: number, maxMs: number, fraction: number): number {
  const whole = Math.min(maxMs, FIRST_MS * 2 ** Math.min(Math.max(0, tries - 1), 20));
  return Math.round(whole / 2 + (whole / 2) * fraction);
}
