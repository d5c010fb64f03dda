const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** GitHub's documented numbers. Each can be replaced, so that a test reaches a limit with few calls. */
export interface Limits {
  /** Primary quota of one installation, and of the App's own calls, per hour. */
  readonly coreMax: number;
  /** The bucket `actions_runner_registration`, per installation and hour. */
  readonly registrationMax: number;
  readonly primaryWindowMs: number;
  /** Secondary limit: points per minute and installation; a GET costs 1, a write 5. */
  readonly pointsMax: number;
  readonly pointsWindowMs: number;
  /** Registrations per repository or organization, shared by all Apps. */
  readonly scopeRegistrationsMax: number;
  readonly scopeRegistrationsWindowMs: number;
  readonly labelsMax: number;
  readonly labelLengthMax: number;
  readonly nameLengthMax: number;
  /** A job waiting longer for a runner is cancelled by GitHub. */
  readonly queuedMaxMs: number;
  /** A job running longer on a self-hosted runner is cancelled by GitHub. */
  readonly executionMaxMs: number;
  /** A runner that does not pick up within this loses the job to another. */
  readonly pickupMaxMs: number;
  /** A running job whose runner is silent for this long fails. */
  readonly leaseMaxMs: number;
  /** A session silent for this long is shown as offline. `Infinity` where the caller says itself when a host dies. */
  readonly silenceMaxMs: number;
  /** A cancelled job still running after this is ended by GitHub. */
  readonly cancelMaxMs: number;
  /** An ephemeral runner that never connected, or went offline unused, is removed after this. */
  readonly unusedMaxMs: number;
  readonly tokenLifetimeMs: number;
  readonly jwtLifetimeMaxMs: number;
  /** How long a delivery is kept and can be sent again. */
  readonly deliveryKeptMs: number;
  /** An ordinary webhook leaves between these two after its event. */
  readonly hookLatencyMinMs: number;
  readonly hookLatencyMaxMs: number;
}

export const documentedLimits: Limits = {
  coreMax: 5_000,
  registrationMax: 10_000,
  primaryWindowMs: hourMs,
  pointsMax: 900,
  pointsWindowMs: minuteMs,
  scopeRegistrationsMax: 1_500,
  scopeRegistrationsWindowMs: 5 * minuteMs,
  labelsMax: 100,
  labelLengthMax: 256,
  // The specification states no length; 64 is what every known caller stays within.
  nameLengthMax: 64,
  queuedMaxMs: dayMs,
  executionMaxMs: 5 * dayMs,
  pickupMaxMs: minuteMs,
  // Field reports say about ten minutes; the length is set by the server and not documented.
  leaseMaxMs: 10 * minuteMs,
  silenceMaxMs: 2 * minuteMs,
  cancelMaxMs: 5 * minuteMs,
  unusedMaxMs: dayMs,
  tokenLifetimeMs: hourMs,
  jwtLifetimeMaxMs: 10 * minuteMs,
  deliveryKeptMs: 3 * dayMs,
  hookLatencyMinMs: 200,
  hookLatencyMaxMs: 1_500,
};
