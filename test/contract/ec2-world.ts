import type { FrozenRequest } from '../../lambdas/contracts/ledger.ts';
import { TAG } from '../../lambdas/contracts/tags.ts';
import type { Instances } from '../../lambdas/ports/instances.ts';
import { keyedDraw } from '../../local/ec2/draws.ts';
import { ec2Error } from '../../local/ec2/errors.ts';
import { createEc2Model, type Ec2Model } from '../../local/ec2/model.ts';
import type { Knobs } from '../../local/ec2/options.ts';
import { exhausted } from '../../local/ec2/weather.ts';
import { createFixedClock, type FixedClock } from '../../local/memory/fixed-clock.ts';
import { NOON, SHAPE } from './items.ts';

export const STACK = 'abcd1234';
export const IMAGE = 'ami-0123456789abcdef0';
const ZONES = ['us-east-1a', 'us-east-1b'] as const;
const TYPES = ['m7i.large', 'c7i.large'] as const;

/** EC2 with everything at once and certain, so that a case turns on only what it speaks of. */
const AT_ONCE: Partial<Knobs> = {
  unseenMs: { minMs: 0, maxMs: 0 },
  unindexedMs: { minMs: 0, maxMs: 0 },
  staleMs: { minMs: 0, maxMs: 0 },
  pendingMs: { minMs: 5_000, maxMs: 5_000 },
  shutdownMs: { minMs: 10_000, maxMs: 10_000 },
  metadataApplyMs: { minMs: 2_000, maxMs: 2_000 },
};

export interface WorldOptions {
  readonly knobs?: Partial<Knobs>;
  /** Offers without capacity, as `m7i.large/us-east-1a/spot`. */
  readonly exhausted?: readonly string[];
  /** Every call of this action is answered with this code. */
  readonly callError?: { readonly action: string; readonly code: string };
}

export interface Ec2World {
  readonly model: Ec2Model;
  readonly clock: FixedClock;
  /** A request for `count` machines of two types in two zones, under the ticket. */
  request(count: number, change?: Partial<FrozenRequest>): FrozenRequest;
}

export const ticketOf = (n: number): string => `mf-${String(n).padStart(26, '0')}`;

export function ec2World(options: WorldOptions = {}): Ec2World {
  const clock = createFixedClock(NOON);
  const { callError } = options;
  const model = createEc2Model({
    draw: keyedDraw('contract'),
    accountId: '111122223333',
    region: 'us-east-1',
    subnets: ZONES.map((zone, n) => ({ subnetId: `subnet-0${n}`, zone, cidrBlock: `10.0.${n * 16}.0/20` })),
    images: [{ imageId: IMAGE, architecture: 'x86_64' }],
    knobs: { ...AT_ONCE, ...options.knobs },
    weather: {
      ...exhausted(options.exhausted ?? []),
      callError: (action) => (callError?.action === action ? ec2Error(callError.code, 'not now') : undefined),
    },
  });
  const template = model.putLaunchTemplate(
    'linux-x64',
    { ImageId: IMAGE, InstanceInitiatedShutdownBehavior: 'terminate' },
    NOON,
  );
  const request = (count: number, change: Partial<FrozenRequest> = {}): FrozenRequest => {
    const ticket = change.ticket ?? ticketOf(1);
    return {
      ticket,
      count,
      market: 'spot',
      templateId: template.launchTemplateId,
      templateVersion: String(template.version),
      imageId: IMAGE,
      overrides: TYPES.flatMap((instanceType) =>
        ZONES.map((zone, n) => ({ instanceType, subnetId: `subnet-0${n}`, zone })),
      ),
      tags: {
        [TAG.stack]: STACK,
        [TAG.pool]: 'linux-x64',
        [TAG.shape]: SHAPE,
        [TAG.ticket]: ticket,
      },
      ...change,
    };
  };
  return { model, clock, request };
}

/** All four offers of `request` on a market. */
export const allOffers = (market: 'spot' | 'on-demand'): string[] =>
  TYPES.flatMap((type) => ZONES.map((zone) => `${type}/${zone}/${market}`));

/** A world with its port, and a way to make the port's next call of a kind go wrong. */
export interface InstancesRig extends Ec2World {
  readonly instances: Instances;
  /** `before`: throttled without effect. `after`: it happens and its answer is lost. */
  spoil(call: keyof Instances, when: 'before' | 'after'): void;
}
