import * as z from 'zod/mini';

/**
 * Every reason Mayfly gives, once. The same code stands in `mayfly why`, metrics, audit and alarms; the sentence is what a
 * person reads. A code is never reused for another meaning.
 */
export const REASONS = {
  // A job waits, and for what.
  received: 'the job was received and is about to be looked at',
  'launch-requested': 'an instance was requested for the group of this job',
  'launch-unsure': 'EC2 did not answer the launch request; looking for its instances before asking again',
  'launch-lost': 'the launch request was never sent or gave nothing; asking again',
  'launch-refused': 'EC2 refused the launch request; the pool configuration or the account needs attention',
  'launch-throttled': 'EC2 throttled the launch request; asking again when its bucket has refilled',
  'capacity-exhausted': 'EC2 had no capacity in any offer of the pool; asking again',
  'account-limit': 'an account limit of EC2 is reached; asking again with growing spacing',
  'launch-budget-spent': 'the launch budget is spent; launching when it has refilled',
  'registration-budget-spent':
    'GitHub would not register more runners now; launching when the budget has refilled',
  'pool-full': 'the pool is at its ceiling of runners; launching when one ends',
  'pool-on-hold': 'machines of this pool never came online; one probe is launched every 10 minutes',
  'launches-stopped': 'launches are stopped by an operator or by removal of the stack',
  'runner-never-claimed': 'the instance launched before never asked for its registration; launching again',
  'runner-lost': 'the instance launched before ended without taking a job; launching again',
  'fact-unreachable': 'a fact needed for admission could not be fetched; asking again',
  'admission-checks-pending': 'a required check of the head commit is still running',
  'admission-window': 'the pool is closed at this time',
  'waiting-for-approval': 'GitHub holds the job for an approval',
  // A job gets no runner.
  'label-unknown': 'no pool serves these labels',
  'label-charset': 'a label has characters or a length that no pool can have',
  'label-ambiguous': 'the labels fit more than one pool',
  'composite-unsupported': 'the composite label names an unknown pool, key or value',
  'owner-not-allowed': 'the owner of the repository is not on the allow-list',
  'repository-public': 'the repository is public and the pool does not admit public repositories',
  'run-from-fork': 'the run comes from a fork and the pool does not admit forks',
  'run-unknown': 'GitHub does not know the run of this job',
  'fact-absent': 'a fact that a rule of the pool needs does not exist at GitHub',
  'workflow-unreadable': 'the workflow file cannot be judged: it is too large, too deep or not valid',
  'admission-repository': 'the repository is not on the list of the pool',
  'admission-visibility': 'the pool does not admit repositories of this visibility',
  'admission-event': 'the pool does not admit this event',
  'admission-ref': 'the pool does not admit this branch or tag',
  'admission-actor': 'whoever started the run may do less in the repository than the pool asks for',
  'admission-workflow': 'the pool does not admit this workflow file',
  'admission-reusable': 'a called workflow is not admitted, or not called by its full SHA',
  'admission-workflow-changed': 'the workflow file differs from the one of the default branch',
  'admission-actions': 'an action is not pinned by a full SHA, or not of an admitted owner',
  'admission-permissions': 'the workflow gives its token more than the pool admits, or does not say what',
  'admission-environment': 'the job targets no environment that the pool admits, or one without its guards',
  'admission-codeowners': 'no team owns the workflows with a required review',
  'admission-checks': 'a required check of the head commit is missing or not green',
  'job-over': 'GitHub says that the job is over',
  'installation-missing': 'the event names no installation of the GitHub App',
  'queue-time-over': 'GitHub dropped the job: it waited 24 hours',
  // A job moved on.
  'job-running': 'a runner started the job',
  'job-completed': 'the job is completed',
  // A runner's life.
  launched: 'EC2 launched the instance',
  adopted: 'the instance was found by its ticket and taken into the ledger',
  'claim-fenced': 'a claim is being answered',
  claimed: 'the instance proved its identity and received its registration',
  'runner-online': 'the runner is connected to GitHub',
  'guard-allowed': 'the job that is about to start was admitted',
  'guard-denied':
    'the job that is about to start was not admitted; the machine powers off before its first step',
  'guard-mismatch': 'what is about to start is not what GitHub says of the run',
  'runner-busy': 'the runner took a job',
  'runner-switched': 'the runner was given to another group with more demand',
  'not-needed': 'no open job needs this runner',
  'registration-busy': 'GitHub limits registrations; the instance asks again',
  'registration-refused': 'GitHub refused the registration; the App or the runner group needs attention',
  'metadata-open':
    'EC2 did not close the metadata endpoint of the instance in time; nothing is delivered before it has',
  'registration-unsure': 'GitHub did not answer the registration; that name is deleted and a fresh one used',
  'claim-lost-answer': 'a claimed instance asked again: its answer was lost; the registration is deleted',
  'job-finished': 'the runner finished its one job',
  'runner-unused': 'the runner ended without a job',
  'runner-outdated': 'GitHub refused the runner version: the image is too old',
  'session-conflict': 'another process used the registration of this runner',
  'runner-silent': 'GitHub shows the runner offline in its job, and its agent is silent: the machine is lost',
  'agent-failed': 'the agent on the instance failed',
  'lifetime-over': 'the runner reached the lifetime of its pool',
  'claim-deadline-over': 'the instance did not claim in time',
  'grace-over': 'the instance did not power off after its job',
  orphaned: 'an instance carries our tag but no launch of ours explains it',
  'spot-interruption': 'EC2 takes the spot instance back',
  'rebalance-advised': 'EC2 advises that the spot instance is at risk',
  'instance-stopped': 'the instance was stopped from outside',
  'instance-ended': 'EC2 reports the instance as ended',
  'stack-removed': 'the stack is being removed',
  // A claim is refused. The caller sees none of these.
  'claim-too-large': 'the claim is larger than any honest one',
  'claim-unreadable': 'the claim is not of the agreed form',
  'claim-protocol': 'the claim speaks a protocol version that is not accepted',
  'claim-foreign-account': 'the claim comes from another account or region',
  'claim-unknown-instance': 'no launch of ours explains the instance',
  'claim-other-stack': 'the claim names another stack',
  'claim-stale': 'the instance is older than its pool allows at the first claim',
  'claim-mismatch': 'the identity document differs from the launch',
  'claim-too-many': 'the instance asked too often',
  'claim-ended': 'the instance has ended or is being ended',
  'claim-other-boot':
    'a claimed instance asked with another boot random: someone else holds its identity document',
  'identity-region-unknown': 'no certificate is pinned for the region',
  'identity-unreadable': 'the identity document cannot be read',
  'identity-shape': 'the signature envelope has not the exact shape that AWS emits',
  'identity-signature': 'the signature of the identity document does not verify',
  'identity-content': 'the signed content is not an identity document',
} as const;

export type Reason = keyof typeof REASONS;

export const reason = z.enum(Object.keys(REASONS) as [Reason, ...Reason[]]);

/** Reasons that raise an alarm by themselves: each hints at an attack or at a belief about AWS that no longer holds. */
export const ALARMING: readonly Reason[] = [
  'claim-other-boot',
  'identity-shape',
  'identity-region-unknown',
  'session-conflict',
  'runner-outdated',
  'registration-refused',
  'launch-refused',
  'pool-on-hold',
  'account-limit',
];
