import { isSame } from '../../lambdas/adapters/webhook-signature.ts';
import type { ClaimGranted } from '../../lambdas/contracts/claim.ts';
import { answerClaim } from '../../lambdas/flow/answer-claim.ts';
import { observeInstances } from '../../lambdas/flow/observe-instances.ts';
import { type Message, receiveJobs } from '../../lambdas/flow/receive-jobs.ts';
import { sweep } from '../../lambdas/flow/sweep/sweep.ts';
import { takeReport } from '../../lambdas/flow/take-report.ts';
import { readJitConfig } from '../../local/github/jit.ts';
import { type Fate, live } from './mortal.ts';
import { claimOf, createStage, type Stage, type StageOptions } from './stage.ts';

const STEP_MS = 5_000;
const VISIBILITY_MS = 90_000;
const JOB_MS = 20_000;
const GRACE_MS = 30_000;
const REFUSED_MAX_MS = 90_000;

/** What the agent of one machine does next, reduced to what the control plane sees of it. */
interface Agent {
  readonly instanceId: string;
  readonly bornAt: number;
  readonly jobMs: number;
  nextAt: number;
  refusedSince: number | null;
  granted: ClaimGranted | undefined;
  session: string | undefined;
  job: string | undefined;
  offAt: number | null;
}

export interface SmallWorldOptions extends StageOptions {
  /** How long every job runs; 20 s unless told. */
  readonly jobMs?: number;
}

/** The whole system over the models in steps of five seconds: enough to see what a death anywhere leads to. */
export function createSmallWorld(fate: Fate, options: SmallWorldOptions = {}) {
  const stage = createStage(options);
  const agents = new Map<string, Agent>();
  const queue: { message: Message; visibleAt: number }[] = [];
  const instances: { message: Message; visibleAt: number }[] = [];
  let sweptAt = 0;

  const serve = async (
    from: { message: Message; visibleAt: number }[],
    work: (messages: readonly Message[]) => Promise<readonly string[] | undefined>,
  ): Promise<void> => {
    const now = stage.clock.now();
    const batch = from.filter(({ visibleAt }) => visibleAt <= now);
    if (batch.length === 0) return;
    for (const one of batch) one.visibleAt = now + VISIBILITY_MS;
    const parked = await work(batch.map(({ message }) => message));
    if (parked === undefined) return;
    const left = new Set(parked);
    const isDone = (one: (typeof batch)[number]): boolean =>
      batch.includes(one) && !left.has(one.message.messageId);
    from.splice(0, from.length, ...from.filter((one) => !isDone(one)));
  };

  const step = async (): Promise<void> => {
    stage.clock.advance(STEP_MS);
    const now = stage.clock.now();
    const { events, notices } = stage.ec2.advance(now);
    for (const event of events) {
      if (/pending|running/.test(event.detail.state ?? '')) continue;
      instances.push({ message: { messageId: event.id, body: JSON.stringify(event) }, visibleAt: now });
    }
    for (const notice of notices) {
      if (notice.kind === 'instance-running')
        agents.set(notice.instanceId, newAgent(notice.instanceId, now, options.jobMs));
      else agents.delete(notice.instanceId);
    }
    for (const message of stage.due()) queue.push({ message, visibleAt: now });
    await serve(queue, (messages) => live(stage.world, fate, (world) => receiveJobs(messages, world)));
    await serve(instances, (messages) =>
      live(stage.world, fate, (world) => observeInstances(messages, world)),
    );
    for (const agent of agents.values()) await act(agent, stage, fate);
    if (now - sweptAt >= 60_000) {
      sweptAt = now;
      await live({ ...stage.world, by: 'sweep' as const }, fate, sweep);
    }
  };
  return { stage, step, isQuiet: () => isQuiet(stage) && queue.length === 0 };
}

const newAgent = (instanceId: string, now: number, jobMs = JOB_MS): Agent => ({
  instanceId,
  jobMs,
  bornAt: now,
  nextAt: now + STEP_MS,
  refusedSince: null,
  granted: undefined,
  session: undefined,
  job: undefined,
  offAt: null,
});

const isQuiet = ({ github, ec2, clock }: Stage): boolean =>
  github.truth.jobs(clock.now()).every(({ status }) => status === 'completed') &&
  github.truth.registrations(clock.now()).length === 0 &&
  ec2.instances(clock.now()).every(({ state }) => state === 'terminated');

async function act(agent: Agent, stage: Stage, fate: Fate): Promise<void> {
  const now = stage.clock.now();
  if (agent.offAt !== null) {
    if (now >= agent.offAt) stage.ec2.powerOff(agent.instanceId, now);
    return;
  }
  if (now < agent.nextAt) return;
  if (agent.granted === undefined) await claim(agent, stage, fate);
  else if (agent.job === undefined) await lookForJob(agent, stage, fate);
  else await finishJob(agent, stage, fate);
}

async function claim(agent: Agent, stage: Stage, fate: Fate): Promise<void> {
  const body = Buffer.from(JSON.stringify(claimOf(stage.ec2.identityDocument(agent.instanceId))));
  const answer = await live(stage.claimPorts, fate, (ports) => answerClaim({ body }, ports));
  const now = stage.clock.now();
  agent.nextAt = now + STEP_MS;
  if (answer?.statusCode === 200) agent.granted = answer.body as ClaimGranted;
  if (answer?.statusCode === 410) agent.offAt = now;
  if (answer?.statusCode !== 403) return;
  agent.refusedSince ??= now;
  if (now - agent.refusedSince > REFUSED_MAX_MS) agent.offAt = now;
}

async function lookForJob(agent: Agent, stage: Stage, fate: Fate): Promise<void> {
  const now = stage.clock.now();
  if (agent.session === undefined) {
    const encoded = Buffer.from(JSON.stringify(agent.granted?.jit)).toString('base64');
    const connected = stage.github.connect({ ...readJitConfig(encoded), version: '2.336.0' }, now);
    if (connected.kind !== 'session') agent.offAt = now;
    else agent.session = connected.sessionId;
    return;
  }
  const message = stage.github.poll(agent.session, now);
  if (message.kind === 'gone') agent.offAt = now;
  if (
    message.kind === 'job' &&
    stage.github.acquire({ sessionId: agent.session, jobId: message.jobId }, now)
  ) {
    agent.job = message.jobId;
    agent.nextAt = now + agent.jobMs;
    await report(agent, { kind: 'phase', phase: 'job-start', at: now }, { stage, fate });
  } else if (message.kind === 'none' && now - agent.bornAt > IDLE_MS) await askIdle(agent, stage, fate);
}

const IDLE_MS = 300_000;

async function askIdle(agent: Agent, stage: Stage, fate: Fate): Promise<void> {
  const reply = await report(agent, { kind: 'idle' }, { stage, fate });
  if (Object(reply?.body)['answer'] === 'deregistered') agent.offAt = stage.clock.now();
}

async function finishJob(agent: Agent, stage: Stage, fate: Fate): Promise<void> {
  const now = stage.clock.now();
  const jobId = agent.job ?? '';
  stage.github.finish({ sessionId: agent.session ?? '', jobId, conclusion: 'success', steps: [] }, now);
  const last = { kind: 'final', verdict: 'ran', exitCode: 0, jobStartedAt: null, jobEndedAt: now, note: '' };
  await report(agent, last, { stage, fate });
  agent.offAt = now + GRACE_MS;
}

function report(agent: Agent, what: object, { stage, fate }: { stage: Stage; fate: Fate }) {
  const body = Buffer.from(JSON.stringify({ protocolVersion: 1, instanceId: agent.instanceId, ...what }));
  const authorization = `Bearer ${agent.granted?.reportToken ?? ''}`;
  return live({ ...stage.world, isSame }, fate, (ports) => takeReport({ body, authorization }, ports));
}
