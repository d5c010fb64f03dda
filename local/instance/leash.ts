/**
 * Loaded into the agent's process in local mode: when the local run dies without a word (kill -9, a closed terminal),
 * its end of this pipe closes, and the whole process group of the instance goes with it.
 */
import { Socket } from 'node:net';

/** The pipe that `bootInstance` hands to its child. */
export const LEASH_FD = 3;

const leash = new Socket({ fd: LEASH_FD, readable: true, writable: false });
leash.on('close', () => process.kill(0, 'SIGKILL'));
leash.on('error', () => leash.destroy());
leash.resume();
leash.unref();
