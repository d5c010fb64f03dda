import { drawMs, type RangeMs, strikes } from './draws.ts';
import { interruptionWarning, rebalanceRecommendation, stateChange } from './events.ts';
import { type Instance, isEnded, type StateName, type Why } from './instance.ts';
import { forget, type World } from './world.ts';

/** Spot instances get this long from notice to end. */
export const SPOT_NOTICE_MS = 120_000;
/** How long before a notice the recommendation comes, where one comes. */
const REBALANCE_LEAD_MS = 60_000;

/** Every instance is born pending; what becomes of it is drawn here, by its ticket and index. */
export function beginLife(world: World, instance: Instance): void {
  const { draw } = world.options;
  const { knobs } = world;
  const key = lifeKey(instance);
  world.events.push(stateChange(world.options, instance, instance.launchedAt));
  const pendingMs = drawMs(draw, `pending/${key}`, knobs.pendingMs);
  const fails = strikes(draw, `fails-pending/${key}`, knobs.failsPendingShare);
  world.due.add(instance.launchedAt + pendingMs, (at) => {
    if (instance.state !== 'pending') return;
    if (fails) end(world, instance, at, FAILED_LAUNCH);
    else run(world, instance, at);
  });
}

const FAILED_LAUNCH: Why = {
  code: 'Client.InternalError',
  message: 'Client.InternalError: Client error on launch',
};

function run(world: World, instance: Instance, at: number): void {
  const { knobs, options } = world;
  const key = lifeKey(instance);
  enterState(world, instance, 'running', at);
  if (!strikes(options.draw, `never-boots/${key}`, knobs.neverBootsShare)) {
    const { instanceId, userData } = instance;
    world.notices.push({ kind: 'instance-running', at, instanceId, userData });
  }
  if (instance.market !== 'spot') return;
  if (!strikes(options.draw, `interruption/${key}`, knobs.interruptionShare)) return;
  const noticeAt = at + drawMs(options.draw, `interruption-at/${key}`, knobs.interruptionAfterMs);
  if (strikes(options.draw, `rebalance/${key}`, knobs.rebalanceShare)) {
    world.due.add(Math.max(at, noticeAt - REBALANCE_LEAD_MS), (due) =>
      recommendRebalance(world, instance, due),
    );
  }
  const announced = !strikes(options.draw, `unannounced/${key}`, knobs.unannouncedShare);
  world.due.add(noticeAt, (due) => reclaim(world, instance, due, announced));
}

/** EC2 takes a spot instance back: with a notice two minutes ahead, or (best effort only) with none. */
export function reclaim(world: World, instance: Instance, at: number, announced: boolean): void {
  if (instance.market !== 'spot' || isEnded(instance) || instance.reclaim !== undefined) return;
  instance.reclaim = { at, endsAt: at + SPOT_NOTICE_MS, announced };
  if (announced) world.events.push(interruptionWarning(world.options, instance, at));
  world.due.add(instance.reclaim.endsAt, (due) => {
    const why = {
      code: 'Server.SpotInstanceTermination',
      message: 'Server.SpotInstanceTermination: Spot instance termination',
    };
    beginEnd(world, instance, due, { why, reason: why.code, abrupt: false });
  });
}

export function recommendRebalance(world: World, instance: Instance, at: number): void {
  if (instance.market !== 'spot' || isEnded(instance)) return;
  world.events.push(rebalanceRecommendation(world.options, instance, at));
}

type Ending = { readonly why: Why; readonly reason: string; readonly abrupt: boolean };

/** Starts to end an instance. Asked again with `abrupt`, it ends sooner; the first reason stays. */
export function beginEnd(world: World, instance: Instance, at: number, ending: Ending): void {
  if (instance.state === 'terminated') return;
  const isNew = instance.state !== 'shutting-down';
  if (!isNew && (instance.endsAbruptly || !ending.abrupt)) return;
  instance.endsAbruptly = ending.abrupt;
  if (isNew) {
    instance.why = ending.why;
    instance.transitionReason = ending.reason;
    enterState(world, instance, 'shutting-down', at);
  }
  world.notices.push({ kind: 'instance-ending', at, instanceId: instance.instanceId, abrupt: ending.abrupt });
  const range: RangeMs = ending.abrupt ? world.knobs.hardShutdownMs : world.knobs.shutdownMs;
  const endsMs = drawMs(world.options.draw, `shutdown/${lifeKey(instance)}/${ending.abrupt}`, range);
  world.due.add(at + endsMs, (due) => {
    if (instance.state === 'shutting-down') end(world, instance, due, instance.why);
  });
}

/** The operating system went down: by itself, which the shutdown behaviour gives its meaning, or because it is being ended. */
export function powerOff(world: World, instance: Instance, at: number): void {
  if (instance.state !== 'running' && instance.state !== 'shutting-down') return;
  const why = {
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
  };
  if (instance.state === 'shutting-down' || instance.shutdownBehavior === 'terminate') {
    beginEnd(world, instance, at, { why, reason: 'Instance initiated shutdown', abrupt: true });
    return;
  }
  instance.why = why;
  enterState(world, instance, 'stopping', at);
  const stopsMs = drawMs(world.options.draw, `stop/${lifeKey(instance)}`, world.knobs.hardShutdownMs);
  world.due.add(at + stopsMs, (due) => {
    if (instance.state !== 'stopping') return;
    releaseVcpus(world, instance);
    enterState(world, instance, 'stopped', due);
    world.notices.push({ kind: 'instance-gone', at: due, instanceId: instance.instanceId });
  });
}

/** The end: what it held is free at once, and about an hour later nobody can see it any more. */
export function end(world: World, instance: Instance, at: number, why: Why | undefined): void {
  releaseVcpus(world, instance);
  world.subnets.get(instance.subnetId)?.returnIp(instance.privateIp);
  instance.why = why;
  enterState(world, instance, 'terminated', at);
  world.notices.push({ kind: 'instance-gone', at, instanceId: instance.instanceId });
  world.housekeeping.add(at + instance.staleMs, () => world.unburied.delete(instance));
  world.housekeeping.add(at + world.knobs.terminatedShownMs, () => forget(world, instance));
}

function releaseVcpus(world: World, instance: Instance): void {
  if (instance.holdsVcpus) world.vcpus[instance.market] -= instance.type.vcpus;
  instance.holdsVcpus = false;
}

/** Draws are keyed by what the caller chose, so that a world with one launch less draws the same for the others. */
export const lifeKey = (instance: Pick<Instance, 'ticket' | 'launchIndex'>): string =>
  `${instance.ticket}/${instance.launchIndex}`;

function enterState(world: World, instance: Instance, state: StateName, at: number): void {
  instance.state = state;
  instance.passages.push({ at, state });
  world.events.push(stateChange(world.options, instance, at));
}
