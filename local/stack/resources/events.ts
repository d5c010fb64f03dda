import { z } from 'zod';
import type { Json } from '../../json.ts';
import { readPattern } from '../../lambda/event-pattern.ts';
import type { Created, StackContext } from '../context.ts';
import { envelope, scheduledEvent, type Target } from '../events.ts';
import { arnOf, physicalName } from '../identity.ts';
import { inert, kind, tags, whole } from '../kind.ts';
import { readRate, startSchedule } from '../schedule.ts';
import { targetOf } from '../targets.ts';

/**
 * Governs how often a failed *delivery* to the target is repeated. Here a delivery cannot fail: queues and functions take
 * the event at once. (How often the function itself is retried is its EventInvokeConfig, which is honoured.)
 */
const retryPolicy = z
  .strictObject({ MaximumRetryAttempts: whole.optional(), MaximumEventAgeInSeconds: whole.optional() })
  .optional();

const rule = kind(
  'AWS::Events::Rule',
  z.strictObject({
    Name: z.string().optional(),
    EventPattern: z.json().optional(),
    ScheduleExpression: z.string().optional(),
    State: z.literal('ENABLED').default('ENABLED'),
    Targets: z
      .array(
        z.strictObject({
          Id: z.string(),
          Arn: z.string(),
          Input: z.string().optional(),
          RetryPolicy: retryPolicy,
        }),
      )
      .default([]),
    Description: inert('a comment'),
    Tags: tags,
  }),
  (given, { logicalId, context }) => {
    const name = given.Name ?? physicalName(context.identity, logicalId, 64);
    const arn = arnOf(context.identity, 'events', `rule/${name}`);
    const targets = given.Targets.map((target) => targetOf(target.Arn, target.Input, context));
    const pattern: Json | undefined = given.EventPattern;
    const stops = given.ScheduleExpression
      ? [schedule(context, { arn, expression: given.ScheduleExpression, source: 'aws.events', targets })]
      : [];
    if (pattern !== undefined) context.events.addRule({ arn, matches: readPattern(pattern), targets });
    const stop = async () => {
      context.events.removeRule(arn);
      await Promise.all(stops.map((stop) => stop()));
    };
    return { ref: name, attributes: { Arn: arn }, stop } satisfies Created;
  },
);

const scheduler = kind(
  'AWS::Scheduler::Schedule',
  z.strictObject({
    Name: z.string().optional(),
    ScheduleExpression: z.string(),
    ScheduleExpressionTimezone: inert('a rate knows no time zone'),
    FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
    State: z.literal('ENABLED').default('ENABLED'),
    Target: z.strictObject({
      Arn: z.string(),
      Input: z.string().optional(),
      RetryPolicy: retryPolicy,
      RoleArn: inert('IAM is not enforced here'),
    }),
    Description: inert('a comment'),
  }),
  (given, { logicalId, context }) => {
    const name = given.Name ?? physicalName(context.identity, logicalId, 64);
    const arn = arnOf(context.identity, 'scheduler', `schedule/default/${name}`);
    const targets = [targetOf(given.Target.Arn, given.Target.Input, context)];
    const expression = given.ScheduleExpression;
    const stop = schedule(context, { arn, expression, source: 'aws.scheduler', targets });
    return { ref: name, attributes: { Arn: arn }, stop };
  },
);

type Scheduled = {
  readonly arn: string;
  readonly expression: string;
  readonly source: 'aws.events' | 'aws.scheduler';
  readonly targets: readonly Target[];
};

function schedule({ clock, identity }: StackContext, what: Scheduled): () => Promise<void> {
  return startSchedule(clock, readRate(what.expression), (at) => {
    const event = envelope(scheduledEvent(what.arn, what.source), at, identity);
    for (const target of what.targets) target(event);
  });
}

export const eventsKinds = [rule, scheduler];
