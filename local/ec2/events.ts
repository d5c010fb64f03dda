import { isoSeconds } from './identity-document.ts';
import type { Instance, StateName } from './instance.ts';

/** What EventBridge delivers, in exactly its shape. */
export type Ec2Event = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': DetailType;
  readonly source: 'aws.ec2';
  readonly account: string;
  /** Whole seconds, as EC2 writes it. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly 'instance-id': string;
    readonly state?: StateName;
    readonly 'instance-action'?: 'terminate';
  };
};

type DetailType =
  | 'EC2 Instance State-change Notification'
  | 'EC2 Spot Instance Interruption Warning'
  | 'EC2 Instance Rebalance Recommendation';

/** What the driver must do for an instance; the world outside EC2 sees none of it. */
export type Notice =
  /** Boot it: an instance that never boots runs without this. */
  | {
      readonly kind: 'instance-running';
      readonly at: number;
      readonly instanceId: string;
      readonly userData: string;
    }
  /** It is being ended; abrupt: without its operating system being asked. */
  | {
      readonly kind: 'instance-ending';
      readonly at: number;
      readonly instanceId: string;
      readonly abrupt: boolean;
    }
  /** Whatever still runs of it is gone now. */
  | { readonly kind: 'instance-gone'; readonly at: number; readonly instanceId: string };

type Owner = { readonly accountId: string; readonly region: string };

export function stateChange(owner: Owner, instance: Instance, at: number): Ec2Event {
  const { instanceId, state } = instance;
  return event(owner, instance, {
    at,
    type: 'EC2 Instance State-change Notification',
    arn: arnOf(owner, instanceId),
    detail: { 'instance-id': instanceId, state },
  });
}

/** The ARN of this one event names the zone where others name the Region, and no account. */
export function interruptionWarning(owner: Owner, instance: Instance, at: number): Ec2Event {
  const { instanceId, zone } = instance;
  return event(owner, instance, {
    at,
    type: 'EC2 Spot Instance Interruption Warning',
    arn: `arn:aws:ec2:${zone}:instance/${instanceId}`,
    detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
  });
}

export function rebalanceRecommendation(owner: Owner, instance: Instance, at: number): Ec2Event {
  const { instanceId } = instance;
  return event(owner, instance, {
    at,
    type: 'EC2 Instance Rebalance Recommendation',
    arn: arnOf(owner, instanceId),
    detail: { 'instance-id': instanceId },
  });
}

const arnOf = (owner: Owner, instanceId: string) =>
  `arn:aws:ec2:${owner.region}:${owner.accountId}:instance/${instanceId}`;

function event(
  owner: Owner,
  instance: Instance,
  facts: { at: number; type: DetailType; arn: string; detail: Ec2Event['detail'] },
): Ec2Event {
  return {
    version: '0',
    id: eventId(instance.instanceId, facts.type, facts.at),
    'detail-type': facts.type,
    source: 'aws.ec2',
    account: owner.accountId,
    time: isoSeconds(facts.at),
    region: owner.region,
    resources: [facts.arn],
    detail: facts.detail,
  };
}

const TYPE_DIGITS: Readonly<Record<DetailType, number>> = {
  'EC2 Instance State-change Notification': 1,
  'EC2 Spot Instance Interruption Warning': 2,
  'EC2 Instance Rebalance Recommendation': 3,
};

/** Put together from instance, kind and time, which no two events share; hashing would be the dearest part of a day. */
function eventId(instanceId: string, type: DetailType, at: number): string {
  const own = instanceId.slice(3);
  const time = at.toString(16).padStart(12, '0');
  return `${own.slice(0, 8)}-${own.slice(8, 12)}-4${own.slice(12, 15)}-a${own.slice(15)}${TYPE_DIGITS[type]}0-${time}`;
}
