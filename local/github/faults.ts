/** How often GitHub misbehaves. Odds are from 0 to 1 and drawn per event or call; each has been seen in the field. */
export interface Faults {
  /** The event is never sent and leaves no delivery that could be sent again. */
  readonly hookLost: number;
  /** The same event twice, under one GUID. */
  readonly hookDuplicated: number;
  /** Minutes late: GitHub throttles surges. */
  readonly hookLate: number;
  readonly hookLateMaxMs: number;
  /** A few seconds late, so that a later event of the same job overtakes it. */
  readonly hookReordered: number;
  readonly hookReorderedMaxMs: number;
  /** A signed delivery whose `workflow_job` is null. */
  readonly hookMalformed: number;
  /** A completed job that never had a runner shows 0 and "" in place of null. */
  readonly runnerFieldsZero: number;
  /** 502 with no effect. */
  readonly serverError: number;
  /** 502 although the effect happened. */
  readonly answerLost: number;
  /** A refusal by the secondary limit carries no retry-after. */
  readonly retryAfterOmitted: number;
  /** A job is taken by somebody else's runner with the same labels, within `stolenWithinMs`, for `stolenRunMs`. */
  readonly stolen: number;
  readonly stolenWithinMs: number;
  readonly stolenRunMs: number;
  /** A GET shows a job or runner as it was before its last change, if that is younger than `staleMaxMs`. */
  readonly staleRead: number;
  readonly staleMaxMs: number;
  /** Deleting a runner in the seconds between assignment and pick-up cancels the job instead of queueing it again. */
  readonly deleteCancels: number;
  /** A fresh installation token is answered with 401 for this long. */
  readonly tokenUnusableMs: number;
  /** A connected runner without a job is removed after this; null: never. */
  readonly idleRemovedMs: number | null;
  /** A registration stays listed this long after its one job ended. */
  readonly registrationLingersMs: number;
  /** Runner versions that may not connect any more. */
  readonly versionsRefused: readonly string[];
  /** A JWT without `jti` is refused when the very same bytes were seen before. */
  readonly sameJwtRefused: boolean;
}

export const noFaults: Faults = {
  hookLost: 0,
  hookDuplicated: 0,
  hookLate: 0,
  hookLateMaxMs: 33 * 60_000,
  hookReordered: 0,
  hookReorderedMaxMs: 10_000,
  hookMalformed: 0,
  runnerFieldsZero: 0,
  serverError: 0,
  answerLost: 0,
  retryAfterOmitted: 0,
  stolen: 0,
  stolenWithinMs: 30_000,
  stolenRunMs: 60_000,
  staleRead: 0,
  staleMaxMs: 20_000,
  deleteCancels: 0,
  tokenUnusableMs: 0,
  idleRemovedMs: null,
  registrationLingersMs: 0,
  versionsRefused: [],
  sameJwtRefused: false,
};

/** A bad day: every kind at odds that a run of a hundred jobs meets. */
export const badDay: Faults = {
  ...noFaults,
  hookLost: 0.02,
  hookDuplicated: 0.05,
  hookLate: 0.05,
  hookReordered: 0.1,
  hookMalformed: 0.005,
  runnerFieldsZero: 0.5,
  serverError: 0.01,
  answerLost: 0.01,
  retryAfterOmitted: 0.2,
  stolen: 0.02,
  staleRead: 0.1,
  deleteCancels: 0.5,
  tokenUnusableMs: 1_000,
  registrationLingersMs: 20_000,
  sameJwtRefused: true,
};
