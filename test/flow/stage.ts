import type { ClaimRequest, IdentityDocument } from '../../lambdas/contracts/claim.ts';
import { identityDocument } from '../../lambdas/contracts/claim.ts';
import type { ItemKind, ItemOf } from '../../lambdas/contracts/ledger.ts';
import type { MetricName } from '../../lambdas/contracts/metrics.ts';
import type { Pool } from '../../lambdas/contracts/settings.ts';
import type { Deployment } from '../../lambdas/core/launch-plan.ts';
import { projectWebhook } from '../../lambdas/core/project-webhook.ts';
import type { ClaimPorts } from '../../lambdas/flow/answer-claim.ts';
import { answerClaim } from '../../lambdas/flow/answer-claim.ts';
import { withBreaker } from '../../lambdas/flow/github-breaker.ts';
import { observeInstances } from '../../lambdas/flow/observe-instances.ts';
import { type Message, receiveJobs } from '../../lambdas/flow/receive-jobs.ts';
import { sweep } from '../../lambdas/flow/sweep/sweep.ts';
import type { SweepWorld } from '../../lambdas/flow/world.ts';
import type { IdentityVerifier } from '../../lambdas/ports/identity.ts';
import { keyedDraw } from '../../local/ec2/draws.ts';
import { createEc2Model } from '../../local/ec2/model.ts';
import type { Knobs } from '../../local/ec2/options.ts';
import { exhausted } from '../../local/ec2/weather.ts';
import { launcherPermissions } from '../../local/github/accounts.ts';
import type { Delivery } from '../../local/github/deliveries.ts';
import { seededDraw } from '../../local/github/draw.ts';
import type { Limits } from '../../local/github/limits.ts';
import { createGitHubModel } from '../../local/github/model.ts';
import type { RunWish } from '../../local/github/runs.ts';
import { createFixedClock } from '../../local/memory/fixed-clock.ts';
import { createMemoryGitHub } from '../../local/memory/memory-github.ts';
import { createMemoryInstances } from '../../local/memory/memory-instances.ts';
import { createMemoryLedger } from '../../local/memory/memory-ledger.ts';
import { createMemoryPrices, createMemoryUsage } from '../../local/memory/memory-usage.ts';
import { createSeededDice } from '../../local/memory/seeded-dice.ts';
import type { Trouble } from '../../local/memory/trouble.ts';
import { poolOf, STACK_ID } from '../core/fixtures.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const IMAGE = 'ami-0123456789abcdef0';
const ZONES = ['us-east-1a', 'us-east-1b'] as const;

/** EC2 at once and certain: a case turns only on what it speaks of. */
const AT_ONCE: Partial<Knobs> = {
  unseenMs: { minMs: 0, maxMs: 0 },
  unindexedMs: { minMs: 0, maxMs: 0 },
  staleMs: { minMs: 0, maxMs: 0 },
};

export interface StageOptions {
  readonly pool?: Partial<Pool>;
  readonly knobs?: Partial<Knobs>;
  /** Offers without capacity, as `m7i.large/us-east-1a/spot`. */
  readonly exhausted?: readonly string[];
  readonly visibility?: 'private' | 'public';
  /** GitHub's limits, where a case is not about them. */
  readonly limits?: Partial<Limits>;
}

/**
 * The functions' logic over the models in memory, with a clock that is moved by hand. The identity document is plain JSON
 * here: what proves it has its own tests; `forged` in front of it stands for a signature that does not verify.
 */
export function createStage(options: StageOptions = {}) {
  const clock = createFixedClock();
  const dice = createSeededDice('stage');
  const pool = poolOf({ types: ['m7i.large', 'c7i.large'], ...options.pool });
  const ec2 = createEc2Model({
    draw: keyedDraw('stage'),
    accountId: ACCOUNT,
    region: REGION,
    subnets: ZONES.map((zone, n) => ({ subnetId: `subnet-0${n}`, zone, cidrBlock: `10.0.${n * 16}.0/20` })),
    images: [{ imageId: IMAGE, architecture: 'x86_64' }],
    knobs: { ...AT_ONCE, ...options.knobs },
    weather: exhausted(options.exhausted ?? []),
  });
  const template = ec2.putLaunchTemplate(
    pool.name,
    { ImageId: IMAGE, InstanceInitiatedShutdownBehavior: 'terminate' },
    clock.now(),
  );
  const github = createGitHubModel({
    draw: seededDraw('stage'),
    ...(options.limits && { limits: options.limits }),
  });
  github.addOrganization('acme');
  github.addRepository({ fullName: 'acme/app', visibility: options.visibility ?? 'private' }, clock.now());
  const { id: installationId } = github.addInstallation({
    account: 'acme',
    permissions: { ...launcherPermissions, contents: 'read', checks: 'read' },
  });

  const troubles = new Map<string, (Trouble | undefined)[]>();
  const trouble = (call: string): Trouble | undefined => troubles.get(call)?.shift();
  const counts: { metric: MetricName; reason?: string | undefined }[] = [];
  const said: string[] = [];
  const journal = {
    say: (event: string, fields = {}) => void said.push(JSON.stringify([event, fields])),
    warn: (event: string, fields = {}) => void said.push(JSON.stringify([event, fields])),
    count: (metric: MetricName, by: { reason?: string } = {}) =>
      void counts.push({ metric, reason: by.reason }),
  };
  const ledger = createMemoryLedger({ clock, trouble });
  const deployment: Deployment = {
    stackId: STACK_ID,
    settings: { v: 1, github: { scope: 'organization', owners: ['acme'] }, pools: [pool] },
    pools: {
      [pool.name]: {
        templateId: template.launchTemplateId,
        templateVersion: String(template.version),
        imageId: IMAGE,
      },
    },
    subnets: ZONES.map((zone, n) => ({ id: `subnet-0${n}`, zone })),
  };
  const usage = createMemoryUsage();
  const world: SweepWorld = {
    by: 'dispatch',
    ledger,
    instances: createMemoryInstances({ model: ec2, clock, trouble }),
    github: withBreaker(createMemoryGitHub({ model: github, clock, trouble }), { ledger, clock }),
    clock,
    dice,
    journal,
    deployment,
    usage,
    prices: createMemoryPrices(),
  };
  const claimPorts: ClaimPorts = {
    ...world,
    identity: plainIdentity,
    settings: deployment.settings,
    home: { stackId: STACK_ID, accountId: ACCOUNT, region: REGION },
    reportUrl: 'https://report.invalid/',
    guardUrl: 'https://guard.invalid/',
  };
  const items = <K extends ItemKind>(kind: K): ItemOf<K>[] =>
    ledger.items().filter((item): item is ItemOf<K> => item.kind === kind);

  const messageOf = (delivery: Delivery): Message => {
    const at = { receivedAt: clock.now(), delivery: delivery.guid };
    const read = projectWebhook(JSON.parse(github.signed(delivery).body), at);
    return { messageId: delivery.id, body: JSON.stringify(read.ok ? read.event : {}) };
  };
  const dueMessages = (): Message[] =>
    github.takeDeliveries(clock.now()).map((delivery) => {
      github.recordDelivery(delivery, { statusCode: 202, durationMs: 1 }, clock.now());
      return messageOf(delivery);
    });

  return {
    clock,
    ec2,
    github,
    ledger,
    world,
    usage,
    claimPorts,
    installationId,
    counts,
    said,
    items,
    /** The next calls of that name go wrong, one after the other; undefined lets one be. */
    spoil: (call: string, ...list: (Trouble | undefined)[]) =>
      troubles.set(call, [...(troubles.get(call) ?? []), ...list]),
    /** Queues jobs at GitHub that ask for the pool. */
    queue: (
      count = 1,
      labels: readonly string[] = pool.labels,
      wish: Partial<Omit<RunWish, 'repository' | 'jobs'>> = {},
    ) =>
      github.createRun(
        {
          repository: 'acme/app',
          event: 'push',
          actor: 'ann',
          ...wish,
          jobs: Array.from({ length: count }, (_, n) => ({
            name: `job ${n}`,
            labels: [...labels],
            steps: [],
          })),
        },
        clock.now(),
      ).jobs,
    messageOf,
    /** The webhooks that are due now, as messages of the jobs queue. */
    due: () => dueMessages(),
    /** The webhooks of what happened, some seconds later. */
    messages: (): Message[] => {
      clock.advance(5_000);
      return dueMessages();
    },
    dispatch: (messages: readonly Message[]) => receiveJobs(messages, world),
    sweep: () => sweep(world),
    /** Moves the time and gives EC2's events to observe. */
    pass: async (ms: number) => {
      clock.advance(ms);
      const { events } = ec2.advance(clock.now());
      const bodies = events.map((event, n) => ({ messageId: String(n), body: JSON.stringify(event) }));
      const seen = bodies.filter(({ body }) => !/"state":"(pending|running)"/.test(body));
      return observeInstances(seen, { ledger, clock, journal });
    },
    claim: (instanceId: string, change: Partial<ClaimRequest> = {}) =>
      answerClaim(
        {
          body: Buffer.from(JSON.stringify({ ...claimOf(ec2.identityDocument(instanceId)), ...change })),
        },
        claimPorts,
      ),
  };
}

export type Stage = ReturnType<typeof createStage>;

export const claimOf = (document: string): ClaimRequest => ({
  protocolVersion: 1,
  stackId: STACK_ID,
  identity: document,
  boot: 'b'.repeat(64),
  agentVersion: '1',
});

const documentIn = (text: string): IdentityDocument | undefined => {
  const read = identityDocument.safeParse(JSON.parse(text.replace(/^forged/, '')));
  return read.success ? read.data : undefined;
};

const plainIdentity: IdentityVerifier = {
  stated: documentIn,
  verify: async (text) => {
    const document = documentIn(text);
    if (document === undefined) return { ok: false, reason: 'identity-content' };
    return text.startsWith('forged') ? { ok: false, reason: 'identity-signature' } : { ok: true, document };
  },
};
