import type { ModelFault } from './fault-book.ts';

/** Port calls of each function: the columns of the fault matrix that crashes, lost answers and throttles apply to. */
export const PORT_SITES: readonly string[] = [
  'webhook/queue.send',
  'dispatch/ledger.read',
  'dispatch/ledger.write',
  'dispatch/instances.launch',
  'dispatch/github.run',
  'claim/ledger.read',
  'claim/ledger.write',
  'claim/ledger.demand',
  'claim/instances.disableMetadata',
  'claim/instances.metadataState',
  'claim/github.mint',
  'report/ledger.read',
  'report/ledger.write',
  'report/github.deregister',
  'guard/ledger.read',
  'guard/ledger.write',
  'observe/ledger.readMany',
  'observe/ledger.read',
  'observe/ledger.write',
  'sweep/ledger.read',
  'sweep/ledger.readMany',
  'sweep/ledger.write',
  'sweep/ledger.due',
  'sweep/ledger.demand',
  'sweep/instances.list',
  'sweep/instances.findByTicket',
  'sweep/instances.launch',
  'sweep/instances.terminate',
  'sweep/github.listRunners',
  'sweep/github.deregister',
  'sweep/github.run',
  'sweep/github.openRuns',
  'sweep/github.runJobs',
  'sweep/github.deliveries',
  'sweep/github.redeliver',
  'sweep/usage.put',
];

const HOOK_ACTIONS = ['queued', 'waiting', 'in_progress', 'completed'];
const API = [
  'POST /app/installations/{installation_id}/access_tokens',
  'POST /app/hook/deliveries/{delivery_id}/attempts',
  'GET /app/hook/deliveries',
  'GET /repos/{owner}/{repo}/actions/runs',
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
  ...['orgs/{org}', 'repos/{owner}/{repo}'].flatMap((scope) => [
    `GET /${scope}/actions/runners`,
    `DELETE /${scope}/actions/runners/{runner_id}`,
    `POST /${scope}/actions/runners/generate-jitconfig`,
  ]),
];
const ENDS = ['shutting-down', 'terminated'];
const MACHINE = ['machine'];

/** Every kind of fault with the sites it must be seen at by a campaign; typical odds in a run where it is on. */
export const FAULT_KINDS: Readonly<
  Record<string, { readonly odds: number; readonly sites: readonly string[] }>
> = {
  'crash-before': { odds: 0.003, sites: PORT_SITES },
  'crash-after': { odds: 0.003, sites: PORT_SITES },
  'answer-lost': { odds: 0.006, sites: PORT_SITES },
  throttle: { odds: 0.006, sites: PORT_SITES },
  slow: { odds: 0.003, sites: PORT_SITES },
  'request-lost': { odds: 0.02, sites: ['claim', 'report', 'guard'] },
  'reply-lost': { odds: 0.02, sites: ['claim', 'report', 'guard'] },
  'request-doubled': { odds: 0.03, sites: ['claim', 'report', 'guard'] },
  'message-doubled': { odds: 0.05, sites: ['jobs', 'instances'] },
  'message-late': { odds: 0.05, sites: ['jobs', 'instances'] },
  'event-lost': { odds: 0.1, sites: ENDS },
  'event-doubled': { odds: 0.1, sites: ENDS },
  'event-late': { odds: 0.1, sites: ENDS },
  'sweep-skipped': { odds: 0.05, sites: ['schedule'] },
  'sweep-late': { odds: 0.05, sites: ['schedule'] },
  'sweep-doubled': { odds: 0.05, sites: ['schedule'] },
  'slow-boot': { odds: 0.1, sites: MACHINE },
  'agent-quits': { odds: 0.03, sites: MACHINE },
  'agent-hangs': { odds: 0.02, sites: MACHINE },
  'power-off-fails': { odds: 0.05, sites: MACHINE },
  pounce: { odds: 0.15, sites: ['terminate', 'deregister', 'idle'] },
  forged: { odds: 0.02, sites: ['webhook'] },
  poison: { odds: 0.6, sites: ['jobs'] },
  'index-lag': { odds: 0.01, sites: ['demand'] },
  'hook-lost': { odds: 0.03, sites: HOOK_ACTIONS },
  'hook-doubled': { odds: 0.1, sites: HOOK_ACTIONS },
  'hook-late': { odds: 0.05, sites: HOOK_ACTIONS },
  'hook-reordered': { odds: 0.15, sites: HOOK_ACTIONS },
  'hook-malformed': { odds: 0.01, sites: HOOK_ACTIONS },
  stolen: { odds: 0.05, sites: ['job'] },
  'github-502': { odds: 0.02, sites: API },
  'github-answer-lost': { odds: 0.02, sites: API },
  'github-stale': { odds: 0.2, sites: ['read'] },
  'never-boots': { odds: 0.06, sites: ['ec2'] },
  'fails-pending': { odds: 0.03, sites: ['ec2'] },
  surplus: { odds: 0.03, sites: ['ec2'] },
  'forgetful-token': { odds: 0.5, sites: ['ec2'] },
  'ec2-throttle': { odds: 0.02, sites: ['ec2'] },
  'fleet-throttle': { odds: 0.05, sites: ['ec2'] },
  'metadata-stuck': { odds: 0.03, sites: ['ec2'] },
  interruption: { odds: 0.1, sites: ['ec2'] },
  rebalance: { odds: 0.5, sites: ['ec2'] },
  unannounced: { odds: 0.3, sites: ['ec2'] },
  'no-capacity': { odds: 0.25, sites: ['ec2'] },
};

const ec2 = (): string => 'ec2';

/** Faults inside the EC2 model. */
export const EC2_FAULTS: readonly ModelFault[] = [
  { prefix: 'never-boots/', kind: 'never-boots', site: ec2 },
  { prefix: 'fails-pending/', kind: 'fails-pending', site: ec2 },
  { prefix: 'surplus/', kind: 'surplus', site: ec2 },
  { prefix: 'forgetful-token/', kind: 'forgetful-token', site: ec2 },
  { prefix: 'throttle/', kind: 'ec2-throttle', site: ec2 },
  { prefix: 'fleet-throttle/', kind: 'fleet-throttle', site: ec2 },
  { prefix: 'metadata-stuck/', kind: 'metadata-stuck', site: ec2 },
  { prefix: 'interruption/', kind: 'interruption', site: ec2 },
  { prefix: 'rebalance/', kind: 'rebalance', site: ec2 },
  { prefix: 'unannounced/', kind: 'unannounced', site: ec2 },
  { prefix: 'weather/', kind: 'no-capacity', site: ec2 },
];

/** `28877621001 in_progress/in_progress` */
const actionOf = (rest: string): string => rest.split(' ')[1]?.split('/')[0] ?? 'unknown';
const routeOf = (rest: string): string => rest.split('#')[0] ?? rest;

/** Faults inside the GitHub model. Keys of durations have a word where these have an id. */
export const GITHUB_FAULTS: readonly ModelFault[] = [
  { prefix: 'hook lost 2', kind: 'hook-lost', site: actionOf },
  { prefix: 'hook doubled 2', kind: 'hook-doubled', site: actionOf },
  { prefix: 'hook late 2', kind: 'hook-late', site: actionOf },
  { prefix: 'hook reordered 2', kind: 'hook-reordered', site: actionOf },
  { prefix: 'hook malformed 2', kind: 'hook-malformed', site: actionOf },
  { prefix: 'stolen 2', kind: 'stolen', site: () => 'job' },
  { prefix: '502 ', kind: 'github-502', site: routeOf },
  { prefix: 'lost ', kind: 'github-answer-lost', site: routeOf },
  { prefix: 'stale ', kind: 'github-stale', site: () => 'read' },
];
