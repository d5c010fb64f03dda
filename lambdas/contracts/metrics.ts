/**
 * Metric names, namespace `Mayfly`, dimension `stack` and, where said, `pool`. The first block counts breaches of the rules
 * that the simulation checks under the same names; each of them is zero in a healthy stack.
 */
export const METRIC = {
  SecondDelivery: 'a JIT configuration was about to be delivered twice (refused)',
  OrphanFound: 'an instance of ours had no record (pool)',
  NeverClaimed: 'an instance ended without a claim (pool)',
  LifetimeExceeded: 'an instance reached its lifetime (pool)',
  LaunchRepeated: 'a frozen launch was replayed (pool)',
  // Webhook
  WebhookAccepted: 'webhooks put on the queue',
  WebhookRefused: 'webhooks with a bad signature or size',
  WebhookIgnored: 'signed webhooks that no pool could serve or that were not understood',
  // Jobs
  JobsReceived: 'jobs that GitHub queued',
  JobsDenied: 'jobs denied or ignored (reason)',
  JobsHeld: 'jobs that wait (pool, reason)',
  AdmissionObserved: 'jobs that a pool which observes let pass against its rules (pool)',
  QueuedToStartedMs: 'from queued to started, as GitHub tells (pool)',
  JobsDiscovered: 'jobs found at GitHub that no webhook had announced',
  WebhookRedelivered: 'failed webhook deliveries that GitHub was asked to send again',
  WebhookGivenUp: 'webhook deliveries that failed at every try',
  // Launches
  Launched: 'instances launched (pool)',
  LaunchShort: 'instances asked for and not given (pool, reason)',
  // Claims
  ClaimGranted: 'claims answered 200 (pool)',
  ClaimLater: 'claims answered 429 (pool)',
  ClaimGone: 'claims answered 410 (pool)',
  ClaimRefused: 'claims answered 403 (reason)',
  // Job-started check
  GuardAllowed: 'jobs that the job-started check let start (pool)',
  GuardDenied: 'jobs that it stopped before their first step (pool, reason)',
  // Ends
  RunnerEnded: 'runners ended (pool, reason)',
  MessageParked: 'messages that failed and went back to their queue',
  SweepIncomplete: 'sweep passes that could not see the whole cloud and decided nothing from it',
} as const;

export type MetricName = keyof typeof METRIC;
