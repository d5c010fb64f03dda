import type { JitFiles } from '../../lambdas/contracts/claim.ts';

/** Time, as an argument. On an image it is the machine's, in a local run the run's shared virtual time. */
export type Clock = {
  /** Milliseconds since the Unix epoch; it may step once when the machine's time is first synchronised. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** Chance, as an argument. */
export type Dice = {
  /** `bytes` random bytes from a cryptographic source, as lower-case hex. */
  hex(bytes: number): string;
  /** A number in [0, 1): jitter only. */
  fraction(): number;
};

/** What the Listener says on its standard output that matters to a supervisor. */
export type ListenerSign = 'listening' | 'job-taken' | 'job-done';

/** How a Listener ended. The code is null when a signal ended it or it could not be started. */
export type ListenerEnd = { readonly exitCode: number | null };

/** A running Listener. */
export type Listener = {
  /** Never rejects. */
  readonly ended: Promise<ListenerEnd>;
  /** SIGTERM: a running job is failed with a shutdown message, then the Listener exits (30 s at most). */
  stop(): void;
  /** SIGKILL, for one that does not stop. */
  kill(): void;
};

/** What can be seen of the Worker, the Listener's child that runs the one job. */
export type WorkerSight = {
  /** A Worker log exists: job code may have run here. */
  readonly hasRun: boolean;
  readonly isAlive: boolean;
};

/** What the job-started hook hears: only `allow` lets it end. */
export type GateAnswer = { readonly allow: boolean; readonly why: string };

/** Where the hook asks. */
export type Gate = { close(): Promise<void> };

/** Plain values for a log line. Neither a JIT file nor a token is ever among them. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;

/** All that touches the machine. One implementation serves images and local mode; tests have a fake. */
export interface Host {
  /** Writes the decoded files (0600, the runner user's) into the runner's root. Rejects if one is there already. */
  placeFiles(files: JitFiles): Promise<void>;
  /** Closes instance metadata for everyone and proves it from the runner user. Rejects if either fails. */
  closeMetadata(): Promise<void>;
  /** Opens the hook's way to the agent, for the runner user alone. `answer` never rejects. */
  openGate(answer: (line: string) => Promise<GateAnswer>): Promise<Gate>;
  /** Starts the Listener with a clean environment. One that cannot be started ends at once, with code null. */
  startListener(onSign: (sign: ListenerSign) => void): Listener;
  lookForWorker(): Promise<WorkerSight>;
  /** Ends the machine. Repeatable. Returns before the machine is off; rejects if it could not be asked. */
  powerOff(): Promise<void>;
  log(event: string, facts?: LogFacts): void;
}
