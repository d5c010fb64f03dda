import type { Settings } from '../../lambdas/contracts/settings.ts';
import { acceptWebhook } from '../../lambdas/flow/accept-webhook.ts';
import { answerClaim, type ClaimAnswer } from '../../lambdas/flow/answer-claim.ts';
import { answerGuard, type GuardReply } from '../../lambdas/flow/guard.ts';
import { observeInstances } from '../../lambdas/flow/observe-instances.ts';
import { receiveJobs } from '../../lambdas/flow/receive-jobs.ts';
import { sweep } from '../../lambdas/flow/sweep/sweep.ts';
import { type ReportReply, takeReport } from '../../lambdas/flow/take-report.ts';
import type { World as FlowWorld } from '../../lambdas/flow/world.ts';
import { done } from '../../lambdas/ports/outcome.ts';
import type { Delivery } from '../../local/github/deliveries.ts';
import { createMemoryPrices } from '../../local/memory/memory-usage.ts';
import { plainIdentity } from './identity.ts';
import type { Ended, Given } from './lambda.ts';
import { ACCOUNT, REGION, STACK_ID } from './places.ts';
import type { Sim } from './sim.ts';
import type { Message } from './sqs.ts';

const OK_SECRETS = { secrets: async () => done(['a secret of the simulation']) };
const REPORT_URL = 'https://report.invalid/';

const flowWorld = (given: Given, by: FlowWorld['by']): FlowWorld => ({ ...given, by });

/** One webhook as GitHub posts it. `forged`: somebody else posts it, with a signature that does not hold. */
export function invokeWebhook(
  sim: Sim,
  delivery: Delivery,
  answered: (statusCode: number) => void,
  forged = false,
): void {
  const { body, headers } = sim.github.signed(delivery);
  const signed = { ...headers, 'x-hub-signature-256': `sha256=${(forged ? 'f' : '0').repeat(64)}` };
  const { job, action, facts } = delivery.event;
  sim.lambdas.invoke({
    fn: 'webhook',
    name: `${job.id}.${action}.${facts.status}.${delivery.id.slice(-5)}${forged ? '.forged' : ''}`,
    work: async (given) =>
      acceptWebhook({ method: 'POST', headers: signed, body: Buffer.from(body) }, settingsOf(given), {
        secrets: OK_SECRETS,
        isSigned: (_secret, _body, signature) => signature.endsWith('0'),
        queue: given.queue,
        clock: given.clock,
        journal: given.journal,
      }),
    done: (ended) => answered(ended.ok ? ended.value.statusCode : 502),
  });
}

const settingsOf = (given: Given): Settings => given.deployment.settings;

type Worked = (failed: readonly string[] | undefined) => void;

const failedOf = (ended: Ended<readonly string[]>): readonly string[] | undefined =>
  ended.ok ? ended.value : undefined;

/** Unique per delivery: a batch that comes again is another visit of every fault. */
const batchName = ([first]: readonly Message[]): string =>
  first === undefined ? 'none' : `${first.name}.${first.isTwin ? 'twin' : ''}${first.receives}`;

export const invokeDispatch = (sim: Sim, batch: readonly Message[], worked: Worked): void =>
  invokeBatch(sim, { fn: 'dispatch', batch, worked }, (given) =>
    receiveJobs(batch, flowWorld(given, 'dispatch')),
  );

export const invokeObserve = (sim: Sim, batch: readonly Message[], worked: Worked): void =>
  invokeBatch(sim, { fn: 'observe', batch, worked }, (given) => observeInstances(batch, given));

/**
 * Faults pass: a message that was received so often has waited a quarter of an hour. A site drawn hot would else kill every
 * delivery of a large batch until it is parked, which only says that a function which always dies gets nothing done.
 */
const SPARED_AT_RECEIVES = 10;

function invokeBatch(
  sim: Sim,
  how: { readonly fn: 'dispatch' | 'observe'; readonly batch: readonly Message[]; readonly worked: Worked },
  work: (given: Given) => Promise<readonly string[]>,
): void {
  const { fn, batch, worked } = how;
  const ids = batch.map(({ messageId }) => messageId);
  const believed = (failed: readonly string[] | undefined): readonly string[] | undefined =>
    failed && (sim.mutation?.failedOf?.(ids, failed) ?? failed);
  sim.lambdas.invoke({
    fn,
    name: batchName(batch),
    isSpared: batch.some(({ receives }) => receives >= SPARED_AT_RECEIVES),
    work,
    done: (ended) => worked(believed(failedOf(ended))),
  });
}

export function invokeSweep(sim: Sim, name: string): void {
  if (sim.mutation?.mayInvoke?.('sweep') === false) return;
  sim.lambdas.invoke({
    fn: 'sweep',
    name,
    work: (given) =>
      sweep({ ...flowWorld(given, 'sweep'), usage: given.usage, prices: createMemoryPrices() }),
    done: (ended) => {
      if (ended.ok && ended.value.ran && ended.value.complete) sim.tell({ kind: 'swept' });
    },
  });
}

/** A claim as an instance posts it. Undefined: no answer came back from the function. */
export function invokeClaim(
  sim: Sim,
  claim: { readonly name: string; readonly instanceId: string; readonly body: string },
  answered: (answer: ClaimAnswer | undefined) => void,
): void {
  sim.lambdas.invoke({
    fn: 'claim',
    name: claim.name,
    work: async (given) => {
      const answer = await answerClaim(
        { body: Buffer.from(claim.body) },
        {
          ...given,
          identity: plainIdentity,
          settings: given.deployment.settings,
          home: { stackId: STACK_ID, accountId: ACCOUNT, region: REGION },
          reportUrl: REPORT_URL,
          guardUrl: 'https://guard.invalid/',
        },
      );
      if ('jit' in answer.body) {
        const { runnerName } = answer.body;
        sim.tell({ kind: 'delivered', instanceId: claim.instanceId, runnerName });
      }
      return answer;
    },
    done: (ended) => answered(ended.ok ? ended.value : undefined),
  });
}

export function invokeReport(
  sim: Sim,
  report: { readonly name: string; readonly body: string; readonly token: string },
  answered: (reply: ReportReply | undefined) => void,
): void {
  sim.lambdas.invoke({
    fn: 'report',
    name: report.name,
    work: (given) =>
      takeReport(
        { body: Buffer.from(report.body), authorization: `Bearer ${report.token}` },
        { ...given, isSame: (a, b) => a === b },
      ),
    done: (ended) => answered(ended.ok ? ended.value : undefined),
  });
}

/** The question before a job's first step. */
export function invokeGuard(
  sim: Sim,
  question: { readonly name: string; readonly body: string; readonly token: string },
  answered: (reply: GuardReply | undefined) => void,
): void {
  sim.lambdas.invoke({
    fn: 'guard',
    name: question.name,
    work: (given) =>
      answerGuard(
        { body: Buffer.from(question.body), authorization: `Bearer ${question.token}` },
        { ...given, settings: settingsOf(given), isSame: (a, b) => a === b },
      ),
    done: (ended) => answered(ended.ok ? ended.value : undefined),
  });
}

/** How functions reach the jobs queue: as text, as a real queue holds it. */
export const createJobsPort = (sim: () => Pick<Sim, 'jobs' | 'tell'>): Sim['jobsPort'] => {
  const sends = new Map<string, number>();
  return {
    send: async (event) => {
      const name = `${event.jobId}.${event.action}.${event.status}`;
      const count = (sends.get(name) ?? 0) + 1;
      sends.set(name, count);
      sim().jobs.send(`${name}.${count}`, JSON.stringify(event));
      sim().tell({ kind: 'announced', event });
      return done(undefined);
    },
  };
};
