import type { Pool } from '../../lambdas/contracts/settings.ts';
import type { Deployment } from '../../lambdas/core/launch-plan.ts';
import { drawMs } from '../../local/ec2/draws.ts';
import type { Ec2Event, Notice } from '../../local/ec2/events.ts';
import { createEc2Model, type Ec2Model } from '../../local/ec2/model.ts';
import { changing } from '../../local/ec2/weather.ts';
import { bootMachine, type Machine } from './agent.ts';
import type { Source } from './clock.ts';
import { between, drawOf, hashText, mix } from './draws.ts';
import type { FaultBook } from './fault-book.ts';
import { EC2_FAULTS } from './fault-kinds.ts';
import { ACCOUNT, ARM_IMAGES, IMAGES, ORGANIZATION, REGION, STACK_ID, ZONES } from './places.ts';
import type { Scenario } from './scenario.ts';
import type { Sim } from './sim.ts';

const MINUTE = 60_000;

/** EC2 as the scenario has it; its faults are drawn through the book. */
export function createCloud(scenario: Scenario, book: FaultBook): Ec2Model {
  const { odds, vcpusMax } = scenario;
  const plain = drawOf(mix(scenario.seed, 0x65633200));
  const draw = book.over(plain, EC2_FAULTS);
  const capacityShare = odds['no-capacity'] ?? 0;
  return createEc2Model({
    draw,
    accountId: ACCOUNT,
    region: REGION,
    subnets: ZONES.map((zone, n) => ({ subnetId: `subnet-0${n}`, zone, cidrBlock: `10.0.${n * 16}.0/20` })),
    images: [
      ...IMAGES.map((imageId) => ({ imageId, architecture: 'x86_64' as const })),
      ...ARM_IMAGES.map((imageId) => ({ imageId, architecture: 'arm64' as const })),
    ],
    ...(vcpusMax !== null && { vcpusMax: { spot: vcpusMax, 'on-demand': vcpusMax } }),
    ...(capacityShare > 0 && {
      weather: changing({ draw, exhaustedShare: capacityShare, spellMs: 7 * MINUTE }),
    }),
    knobs: {
      unseenMs: { minMs: 0, maxMs: 4_000 },
      unindexedMs: { minMs: 0, maxMs: 15_000 },
      staleMs: { minMs: 0, maxMs: drawMs(plain, 'stale', { minMs: 1_000, maxMs: 20_000 }) },
      neverBootsShare: odds['never-boots'] ?? 0,
      failsPendingShare: odds['fails-pending'] ?? 0,
      surplusShare: odds['surplus'] ?? 0,
      forgetfulTokenShare: odds['forgetful-token'] ?? 0,
      stickyEmptyShare: plain('sticky') < 0.5 ? 0 : 0.5,
      throttleShare: odds['ec2-throttle'] ?? 0,
      fleetThrottleShare: odds['fleet-throttle'] ?? 0,
      metadataStuckShare: odds['metadata-stuck'] ?? 0,
      interruptionShare: odds['interruption'] ?? 0,
      interruptionAfterMs: { minMs: 20_000, maxMs: 15 * MINUTE },
      unannouncedShare: odds['unannounced'] ?? 0,
      rebalanceShare: odds['rebalance'] ?? 0,
      shortResourceTokens: plain('short tokens') < 0.5 ? 'partial' : 'nothing',
    },
  });
}

/** One deployed version: its own templates and images; from the second on with a lower ceiling. */
export function deploy(ec2: Ec2Model, scenario: Scenario, version: number, now: number): Deployment {
  const pools = scenario.pools.map((pool) => (version === 0 ? pool : lowered(pool)));
  const deployed = pools.map((pool) => {
    const images = pool.arch === 'x64' ? IMAGES : ARM_IMAGES;
    const imageId = images[version] ?? images[0];
    const template = ec2.putLaunchTemplate(
      pool.name,
      { ImageId: imageId, InstanceInitiatedShutdownBehavior: 'terminate' },
      now,
    );
    const templateVersion = String(template.version);
    return [pool.name, { templateId: template.launchTemplateId, templateVersion, imageId }] as const;
  });
  return {
    stackId: STACK_ID,
    settings: { v: 1, github: { scope: scenario.scope, owners: [ORGANIZATION] }, pools: [...pools] },
    pools: Object.fromEntries(deployed),
    subnets: ZONES.map((zone, n) => ({ id: `subnet-0${n}`, zone })),
  };
}

const lowered = (pool: Pool): Pool => ({
  ...pool,
  limits: { ...pool.limits, runnersMax: Math.max(2, pool.limits.runnersMax - 1) },
});

/** What EC2 does by itself: it tells EventBridge, and machines boot and end. */
export function cloudSource(
  sim: () => Sim,
  machines: Map<string, Machine>,
  sessions: Map<string, Machine>,
): Source {
  return {
    nextAt: () => sim().ec2.nextEventAt(),
    run: (now) => {
      const { events, notices } = sim().ec2.advance(now);
      for (const notice of notices) obey(sim(), notice, { machines, sessions });
      for (const event of events) emit(sim(), event);
    },
  };
}

function obey(
  sim: Sim,
  notice: Notice,
  fleet: { readonly machines: Map<string, Machine>; readonly sessions: Map<string, Machine> },
): void {
  const { instanceId } = notice;
  if (notice.kind === 'instance-running') {
    fleet.machines.set(instanceId, bootMachine(sim, instanceId, fleet.sessions));
    return;
  }
  const machine = fleet.machines.get(instanceId);
  if (machine === undefined || !machine.isUp) return;
  if (notice.kind === 'instance-ending' && !notice.abrupt) {
    if (!machine.isFrozen) machine.onHalt();
    return;
  }
  machine.isUp = false;
  machine.onGone();
}

/** States that the rules of the stack let through to the instances queue. */
const TOLD_STATES: readonly (string | undefined)[] = ['shutting-down', 'stopped', 'terminated'];
const LATE_MAX_MS = 6 * MINUTE;

/** EventBridge: best effort; now and then late, twice or never. */
function emit(sim: Sim, event: Ec2Event): void {
  const isStateChange = event['detail-type'] === 'EC2 Instance State-change Notification';
  const { state } = event.detail;
  if (isStateChange && !TOLD_STATES.includes(state)) return;
  const site = isStateChange ? String(state) : 'notice';
  const name = `${event.detail['instance-id']}.${isStateChange ? site : event['detail-type'].slice(4, 8)}`;
  const key = hashText(name);
  const strikes = (kind: string): boolean => sim.book.strikes(kind, site, { key, call: 0, name });
  if (strikes('event-lost')) return;
  const body = JSON.stringify(event);
  const usualMs = between(sim.draw(`event ${name}`), 300, 4_000);
  const lateMs = strikes('event-late') ? between(sim.draw(`late ${name}`), 5_000, LATE_MAX_MS) : 0;
  const send = (copy: string, ms: number): void =>
    sim.clock.after(ms, () => sim.instances.send(`${name}.${copy}`, body));
  send('1', usualMs + lateMs);
  if (strikes('event-doubled')) send('2', 2 * usualMs);
}
