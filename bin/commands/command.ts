import type { Target } from '../core/arguments.ts';
import type { Stack } from '../ports/stack.ts';

/** Everything a command may touch outside: handed in, so that a test can be the outside. */
export interface Desk {
  /** Results: standard output. */
  readonly print: (text: string) => void;
  /** Errors and warnings: standard error. */
  readonly note: (text: string) => void;
  /** What is under way: standard error, and only if a person looks at it. */
  readonly progress: (text: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Waits so long, or until Ctrl-C. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Throws a UsageError when there is none. */
  readonly open: (target: Target) => Promise<Stack>;
}

/** One command of the CLI. Throws a UsageError on wrong arguments; returns the exit code. */
export interface Command {
  /** Its words: `dlq list`. */
  readonly name: string;
  /** What it does, in one line of the overview. */
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[], desk: Desk): Promise<number>;
}
