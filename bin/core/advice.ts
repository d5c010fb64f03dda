import type { Reason } from '../../lambdas/contracts/reasons.ts';

/** What must come for a job to go on, by the reason it waits; without entry nothing is waited for. */
export const WAITS_FOR: Partial<Record<Reason, string>> = {
  received: 'dispatch, or else the sweep, to admit it',
  'fact-unreachable': 'GitHub to answer',
  'admission-checks-pending': 'the required checks to end',
  'admission-window': 'the pool to open',
  'waiting-for-approval': 'a person to approve it at GitHub',
  'launch-requested': 'a machine of its group',
  'launch-unsure': 'EC2 to show the instances of the launch',
  'launch-lost': 'the sweep to ask anew',
  'launch-refused': 'the hold of the pool to end',
  'launch-throttled': 'EC2 to take requests again',
  'capacity-exhausted': 'EC2 to have capacity',
  'account-limit': 'the hold of the pool to end',
  'launch-budget-spent': 'the launch budget to refill',
  'registration-budget-spent': 'the registration budget to refill',
  'registration-refused': 'the hold of the pool to end',
  'pool-full': 'a runner of the pool to end',
  'pool-on-hold': 'the next probe',
  'launches-stopped': 'an operator to resume launches',
  'runner-never-claimed': 'the next machine',
  'runner-lost': 'the next machine',
  launched: 'its instance to boot and to ask for its registration',
  'claim-fenced': 'the claim of its instance to be answered',
  'registration-busy': 'GitHub to take registrations again',
  'registration-unsure': 'a registration under a fresh name',
  'metadata-open': 'EC2 to close the metadata endpoint of its instance',
  claimed: 'its runner to connect to GitHub',
  'runner-online': 'GitHub to hand it to the runner that is connected and idle',
  'runner-busy': 'the next machine',
  'job-running': 'the job to end',
};

const RERUN = 'then re-run the job';

/** What a person can do about it; without entry nothing has to be done. */
export const CAN_DO: Partial<Record<Reason, string>> = {
  'label-unknown': `give the job the labels of a pool, or a pool these labels (mayfly.yaml), ${RERUN}`,
  'label-charset': `use labels of letters, digits, dots, hyphens and underscores, ${RERUN}`,
  'label-ambiguous': `add the key label of the one pool that is meant to runs-on, ${RERUN}`,
  'composite-unsupported': `name a pool of mayfly.yaml and keys that it knows, ${RERUN}`,
  'owner-not-allowed': `add the owner to github.owners in mayfly.yaml and deploy, if it is to be served, ${RERUN}`,
  'repository-public':
    'use another pool, or let this one admit public repositories (read docs on what that risks)',
  'run-from-fork': 'use another pool for pull requests from forks',
  'run-unknown': 're-run the job; if it happens again, check that the App may read actions of the repository',
  'installation-missing':
    "check that the webhook is the App's own, and that the App is installed on the repository",
  'fact-unreachable': 'check githubstatus.com, and that the App is set up and may read actions and metadata',
  'waiting-for-approval': 'approve or reject the deployment at GitHub',
  'admission-window': 'wait, or use a pool that is open now',
  'launch-refused':
    'look for the warning "launch-refused" in the log of dispatch: permissions, image or template',
  'account-limit': 'ask AWS for a higher EC2 quota (vCPUs of this market), or lower the size of the pool',
  'capacity-exhausted': 'add instance types or zones to the pool, or allow on-demand',
  'registration-refused': 'check the permissions of the App and the runner group of the pool',
  'pool-full': 'raise limits.runnersMax of the pool in mayfly.yaml, if more are to run at once',
  'pool-on-hold':
    'look at the console output of its last instances: the image does not boot, or cannot reach us',
  'launches-stopped': 'mayfly resume, when launches may go on',
  'runner-never-claimed': 'if it goes on: look at the console output of the instance',
  'runner-online':
    'if it stays so: a concurrency group or max-parallel of the workflow holds the job, or the runner group does not let its repository in',
  'metadata-open': 'if it stays so: AWS does not apply the change; end the instance',
  'runner-outdated': 'build a new image: GitHub refuses this version of the runner',
  'session-conflict': 'treat it as an incident: somebody else used the registration of this runner',
  'claim-deadline-over': 'look at the console output of the instance',
};
