import * as z from 'zod/mini';
import { instanceId } from './text.ts';

const eventTime = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/));

/** EventBridge events as EC2 emits them; the rules send them unchanged to the instances queue. */
export const instanceEvent = z.discriminatedUnion('detail-type', [
  z.object({
    'detail-type': z.literal('EC2 Instance State-change Notification'),
    time: eventTime,
    detail: z.object({
      'instance-id': instanceId,
      state: z.enum(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
    }),
  }),
  z.object({
    'detail-type': z.literal('EC2 Spot Instance Interruption Warning'),
    time: eventTime,
    detail: z.object({ 'instance-id': instanceId, 'instance-action': z.string() }),
  }),
  z.object({
    'detail-type': z.literal('EC2 Instance Rebalance Recommendation'),
    time: eventTime,
    detail: z.object({ 'instance-id': instanceId }),
  }),
]);
export type InstanceEvent = z.infer<typeof instanceEvent>;
