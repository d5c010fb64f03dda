/** A launched instance absent from complete lists for this long does not exist: describe lags seconds, tags a minute. */
export const LAUNCH_DEAD_MS = 5 * 60_000;
/** Longer than the function's time limit (55 s): only a dead sweep's lease runs out. */
export const SWEEP_LEASE_MS = 60_000;
/** Items of each due shard that one pass takes up; what is left is due again in the next pass, a minute later. */
export const DUE_PAGE_MAX = 100;
/** Instances that one pass ends: TerminateInstances refills 5 calls a second, up to 100 ids each. */
export const ENDS_MAX = 500;
/** A frozen launch is replayed this often before its jobs ask anew under another ticket. */
export const REPLAYS_MAX = 3;
/** Scopes whose registrations one pass lists; 240 runner lists an hour are budgeted (4 a pass). */
export const SCOPES_MAX = 4;
