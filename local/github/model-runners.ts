import { type JobMessage, messageOf } from './job-message.ts';
import * as listener from './listener.ts';
import { webUrl } from './shapes.ts';
import { advance, type State } from './state.ts';

/** The protocol between a Listener and GitHub, reduced to what a job's way depends on. */
export interface RunnerSide {
  connect(wish: listener.ConnectWish, now: number): listener.Connected;
  /** What the long poll answers now; also tells GitHub that the runner lives. */
  poll(sessionId: string, now: number): listener.Message;
  /** Undefined: the job is not, or no longer, this runner's. */
  acquire(which: listener.JobOfSession, now: number): JobMessage | undefined;
  /** False: the job ended elsewhere. */
  renew(which: listener.JobOfSession, now: number): boolean;
  /** False: the job ended elsewhere. */
  finish(result: listener.Finish, now: number): boolean;
  /** The Listener says goodbye, or its host is known to be dead. */
  disconnect(sessionId: string, now: number): void;
  /** Sessions whose next poll has something to say, since this was last asked: spares polling in vain. */
  takeWoken(): readonly string[];
}

export function runnerSideOf(state: State): RunnerSide {
  const at = (now: number): number => {
    advance(state, now);
    return state.now;
  };
  return {
    connect: (wish, now) => listener.connect(state, wish, at(now)),
    poll: (sessionId, now) => listener.poll(state, sessionId, at(now)),
    acquire: (which, now) => {
      const job = listener.acquire(state, which, at(now));
      return job && messageOf(job, webUrl(state));
    },
    renew: (which, now) => listener.renew(state, which, at(now)),
    finish: (result, now) => listener.finish(state, result, at(now)),
    disconnect: (sessionId, now) => listener.disconnect(state, sessionId, at(now)),
    takeWoken: () => {
      const woken = [...state.woken];
      state.woken.clear();
      return woken;
    },
  };
}
