import * as deliveries from './deliveries.ts';
import type { HookPayload } from './payload.ts';
import { advance, type State } from './state.ts';

/** The App's webhook, from the sender's side. */
export interface Hooks {
  /** Takes what is due off the outbox, earliest first. Post each once, then record how it was answered. */
  takeDeliveries(now: number): readonly deliveries.Delivery[];
  payload(delivery: deliveries.Delivery): HookPayload;
  /** Body and headers as they are posted. */
  signed(delivery: deliveries.Delivery): deliveries.SignedDelivery;
  recordDelivery(delivery: deliveries.Delivery, receipt: deliveries.Receipt, now: number): void;
}

export const hooksOf = (state: State): Hooks => ({
  takeDeliveries: (now) => {
    advance(state, now);
    return deliveries.takeDue(state, state.now);
  },
  payload: (delivery) => deliveries.payloadFor(state, delivery),
  signed: (delivery) => deliveries.signDelivery(state, delivery),
  recordDelivery: (delivery, receipt, now) => {
    advance(state, now);
    deliveries.recordReceipt(state, { delivery, receipt }, state.now);
  },
});
