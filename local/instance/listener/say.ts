import { setTimeout as delay } from 'node:timers/promises';
import { utcStamp } from './diag.ts';

/** A line of the Listener's terminal. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** A line with its time in front, as the real one prints what a supervisor listens for. */
export const sayAt = (line: string): void => say(`${utcStamp(Date.now())}: ${line}`);

/** Waits, or not any longer once the signal is aborted. */
export const pause = (ms: number, signal: AbortSignal) =>
  delay(ms, undefined, { signal }).catch(() => undefined);
