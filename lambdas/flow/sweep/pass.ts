import type { SweepItem, SweepLine } from '../../contracts/ledger-sweep.ts';
import { type Lines, linesAt, ROUND_MS } from '../../core/sweep-lines.ts';

/** A pass begins no further call to GitHub after this: its function is killed at 55 s. */
const PASS_MAX_MS = 40_000;

/** One pass of the sweep: what it may still ask of GitHub, and where its rounds stand. */
export interface Pass {
  /** Takes one call from the first of these lines that has one; false: none has. */
  take(lines: readonly SweepLine[]): boolean;
  /** Notes calls that had to follow one that was taken (further pages): a line may go below nothing by them. */
  spend(line: SweepLine, calls: number): void;
  /** The place of a round, and where it goes on next time. */
  round(name: string): number;
  turn(name: string, to: number): void;
  /** Whether a round may go on at this place: from its beginning only once it has rested. */
  mayGoOn(name: string, place: number): boolean;
  /** No time is left to begin anything. */
  isOver(): boolean;
  readonly startedAt: number;
  readonly lines: Lines;
  readonly rounds: Readonly<Record<string, number>>;
}

export function openPass(item: SweepItem | undefined, clock: { now(): number }): Pass {
  const startedAt = clock.now();
  const lines = linesAt(item, startedAt);
  const rounds: Record<string, number> = { ...item?.rounds };
  const isOver = (): boolean => clock.now() - startedAt > PASS_MAX_MS;
  return {
    startedAt,
    lines,
    rounds,
    isOver,
    mayGoOn: (name, place) => {
      if (place > 0) return true;
      const began = `${name} began`;
      if (startedAt - (rounds[began] ?? 0) < ROUND_MS) return false;
      rounds[began] = startedAt;
      return true;
    },
    take: (names) => {
      const line = isOver() ? undefined : names.find((name) => lines[name] >= 1);
      if (line !== undefined) lines[line] -= 1;
      return line !== undefined;
    },
    spend: (line, calls) => {
      lines[line] -= calls;
    },
    round: (name) => rounds[name] ?? 0,
    turn: (name, to) => {
      rounds[name] = to;
    },
  };
}
