import type { LedgerItem, RunnerItem } from '../../lambdas/contracts/ledger.ts';
import type { Reason } from '../../lambdas/contracts/reasons.ts';
import type { Happening, Sim } from './sim.ts';
import type { Truth } from './truth.ts';

/** How often each thing happened that a campaign must have seen: a simulator that never gets there proves nothing of it. */
export type Reached = Readonly<Record<string, number>>;

/** What must be reached, and why it is worth it. */
export const MUST_REACH: Readonly<Record<string, string>> = {
  'claim lease expired': 'a claim died under its fence, and the next one took it over',
  'claim fenced off': 'a twin met the fence of a claim that was being answered',
  'answer lost, registration given up': 'a delivered answer never arrived: refused, deleted, ended',
  'launch replayed': 'an unsure launch was asked for again under its ticket',
  'launch adopted': 'instances of an unsure launch were found by their tag',
  'launch given up': 'an unsure launch never showed an instance, and its jobs asked anew',
  'ticket voided': 'a ticket was never frozen, and nobody can freeze it any more',
  'partial fleet': 'EC2 gave fewer machines than asked',
  'registration unsure then delivered': 'a mint was unsure, its name doomed, and a fresh one delivered',
  'registration deleted by name': 'a doomed registration was found and deleted',
  'job stolen': 'somebody else ran a job that a machine was launched for',
  'runner ended unused': 'a runner idled out',
  'runner sent away': 'a claim was answered with 410',
  'runner switched': 'a surplus runner went to a starving group',
  'cancelled while launching': 'a job was cancelled between its launch and its start',
  'launch raced': 'two functions wanted to launch for one attempt, and one of them was late',
  'ceiling reached': 'a pool was full',
  'pool held': 'a pool was held for a limit of the account or refused registrations',
  'pool probed': 'a pool whose machines never came online was probed',
  'message parked': 'a message that nobody understands went to the dead-letter queue',
  'both versions live': 'a container of the old version worked after a deploy',
  'spot notice told': 'a runner learnt that its instance is taken back',
  'job came while going idle':
    'GitHub kept the registration of a runner that was about to go, for a job had come',
  'webhook sent again': 'a delivery that failed was asked for again',
  'job discovered': 'a job was found at GitHub that no webhook had announced',
  'job denied': 'a job was denied',
  'job reopened': 'a denied job was queued again',
  'job held by GitHub': 'a job waited for an approval',
  'fact unreachable': 'an admission waited for a fact',
  'denied at its start': 'a job that GitHub gave to the wrong runner was denied before its first step',
  'job run again': 'a job was run again under a new id',
  'completed before queued': 'events came in the wrong order',
  'sweep incomplete': 'a pass could not see the whole cloud',
  'sweep excluded': 'a sweep met the lease of another',
  'function timed out': 'a function was stopped at its time limit',
  'registration budget closed': 'GitHub asked for a pause, and all containers kept it',
};

/** Reasons in a timeline that stand for one of them. */
const BY_REASON: Partial<Record<Reason, string>> = {
  adopted: 'launch adopted',
  'claim-lost-answer': 'answer lost, registration given up',
  'launch-lost': 'launch given up',
  'runner-switched': 'runner switched',
  'not-needed': 'runner sent away',
  'runner-unused': 'runner ended unused',
  'waiting-for-approval': 'job held by GitHub',
  'fact-unreachable': 'fact unreachable',
  'spot-interruption': 'spot notice told',
};

export function createReached(sim: Sim, truth: Truth) {
  const counts = new Map<string, number>();
  const reach = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    tell: (happening: Happening): void => {
      const name = nameOf(happening, truth);
      if (name !== undefined) reach(name);
      if (happening.kind === 'written') for (const one of namesOfWrite(happening, sim)) reach(one);
    },
    counts: (): Reached => {
      if (sim.lambdas.oldVersionUses > 0) reach('both versions live');
      for (const { kind } of sim.book.fired) if (kind === 'stolen') reach('job stolen');
      return Object.fromEntries(counts);
    },
  };
}

function nameOf(happening: Happening, truth: Truth): string | undefined {
  switch (happening.kind) {
    case 'parked':
      return 'message parked';
    case 'died':
      return happening.how === 'timed-out' ? 'function timed out' : undefined;
    case 'counted':
      if (happening.metric === 'LaunchRepeated') return 'launch replayed';
      if (happening.metric === 'LaunchShort') return 'partial fleet';
      if (happening.metric === 'SweepIncomplete') return 'sweep incomplete';
      if (happening.metric === 'ClaimLater') return undefined;
      if (happening.metric === 'WebhookRedelivered') return 'webhook sent again';
      if (happening.metric === 'JobsDiscovered') return 'job discovered';
      if (happening.metric === 'JobsDenied') return 'job denied';
      if (happening.reason === 'pool-full') return 'ceiling reached';
      if (happening.reason === 'account-limit' || happening.reason === 'registration-refused')
        return 'pool held';
      return undefined;
    case 'guarded':
      return happening.isAllowed ? undefined : 'denied at its start';
    case 'deregistered':
      return happening.outcome.ok && happening.outcome.value === 'busy'
        ? 'job came while going idle'
        : undefined;
    case 'said':
      return happening.event === 'pool-on-hold' ? 'pool probed' : undefined;
    case 'stale':
      if (happening.item.kind === 'job' && happening.item.intent.step === 'launching') return 'launch raced';
      if (happening.item.kind === 'runner') return 'claim fenced off';
      return happening.item.kind === 'sweep' ? 'sweep excluded' : undefined;
    case 'cancelled': {
      const item = truth.job(happening.jobId);
      return item?.intent.step === 'launching' ? 'cancelled while launching' : undefined;
    }
    default:
      return undefined;
  }
}

function namesOfWrite(
  { before, after }: Extract<Happening, { kind: 'written' }>,
  sim: Sim,
): readonly string[] {
  const names: string[] = [];
  const add = (is: boolean, name: string): void => void (is && names.push(name));
  const reason = newReason(before, after);
  const known = reason === undefined ? undefined : BY_REASON[reason];
  if (known !== undefined) names.push(known);
  if (after.kind === 'launch') add(after.state === 'void', 'ticket voided');
  if (after.kind === 'job') {
    add(before === undefined && after.fact === 'completed', 'completed before queued');
    add(before === undefined && after.runAttempt > 1, 'job run again');
    add(before?.kind === 'job' && before.outcome !== 'open' && after.outcome === 'open', 'job reopened');
  }
  if (after.kind === 'budget') add(after.closedUntil !== null, 'registration budget closed');
  if (after.kind === 'runner' && before?.kind === 'runner')
    names.push(...namesOfRunner(before, after, sim.clock.now));
  return names;
}

function namesOfRunner(before: RunnerItem, after: RunnerItem, now: number): readonly string[] {
  const names: string[] = [];
  const tookOver = before.intent.fence !== null && after.intent.fence !== before.intent.fence;
  if (tookOver && after.intent.fence !== null && (before.intent.leaseUntil ?? now) <= now)
    names.push('claim lease expired');
  const isDelivered = before.claim.deliveredAt === null && after.claim.deliveredAt !== null;
  if (isDelivered && after.registrations.some(({ state }) => state === 'doomed'))
    names.push('registration unsure then delivered');
  const wasDoomed = new Set(
    before.registrations.flatMap(({ name, state }) => (state === 'doomed' ? [name] : [])),
  );
  if (after.registrations.some(({ name, state }) => state === 'gone' && wasDoomed.has(name)))
    names.push('registration deleted by name');
  return names;
}

function newReason(before: LedgerItem | undefined, after: LedgerItem): Reason | undefined {
  if (after.kind !== 'job' && after.kind !== 'runner') return undefined;
  const last = after.timeline.entries.at(-1);
  const next = before?.kind === after.kind ? before.timeline.next : 1;
  return after.timeline.next > next ? last?.reason : undefined;
}
