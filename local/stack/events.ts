import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Matcher } from '../lambda/event-pattern.ts';
import type { Identity } from './identity.ts';

/** What a service says happened; the bus adds what is missing of the envelope. */
export type BusEvent = {
  readonly version?: '0';
  readonly id?: string;
  readonly account?: string;
  readonly region?: string;
  readonly time?: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: JsonObject;
  readonly resources?: readonly string[];
};

/** Delivers one event to one target, by its ARN and the target's constant input, if any. */
export type Target = (event: Json) => void;

export type Rule = { readonly arn: string; readonly matches: Matcher; readonly targets: readonly Target[] };

/** The default event bus of the stack: at least once, in no order, to every matching rule. */
export type EventBus = {
  addRule(rule: Rule): void;
  removeRule(arn: string): void;
  /** Returns how many rules matched. */
  publish(event: BusEvent): number;
};

/** A bus without rules. */
export function createEventBus(clock: Clock, identity: Identity): EventBus {
  const rules = new Map<string, Rule>();
  return {
    addRule: (rule) => void rules.set(rule.arn, rule),
    removeRule: (arn) => void rules.delete(arn),
    publish: (event) => {
      const whole = envelope(event, clock.now(), identity);
      const matching = [...rules.values()].filter((rule) => rule.matches(whole));
      for (const rule of matching) for (const target of rule.targets) target(whole);
      return matching.length;
    },
  };
}

/** The event as EventBridge hands it on; times have whole seconds there. */
export const envelope = (event: BusEvent, now: number, { account, region }: Identity): JsonObject => ({
  version: '0',
  id: event.id ?? randomUUID(),
  'detail-type': event['detail-type'],
  source: event.source,
  account: event.account ?? account,
  time: event.time ?? `${new Date(now).toISOString().slice(0, 19)}Z`,
  region: event.region ?? region,
  resources: event.resources ?? [],
  detail: event.detail,
});

/** What a schedule without an input of its own sends. */
export const scheduledEvent = (arn: string, source: 'aws.events' | 'aws.scheduler'): BusEvent => ({
  source,
  'detail-type': 'Scheduled Event',
  detail: {},
  resources: [arn],
});
