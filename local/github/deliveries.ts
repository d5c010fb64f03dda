import { createHmac } from 'node:crypto';
import { drawGuid, drawMs } from './draw.ts';
import type { Heap } from './heap.ts';
import { type HookEvent, type HookPayload, payloadOf } from './payload.ts';
import { later, type State, strikes } from './state.ts';

/** One webhook on its way. */
export interface Delivery {
  /** Decimal; above 2^53, as GitHub's are. */
  readonly id: string;
  /** Shared by duplicates and redeliveries of one event. */
  readonly guid: string;
  readonly event: HookEvent;
  readonly isMalformed: boolean;
  readonly installationId: number;
  readonly redelivery: boolean;
  readonly dueAt: number;
}

/** How the receiver answered. A status code of 0: the connection failed or 10 s passed. */
export interface Receipt {
  readonly statusCode: number;
  readonly durationMs: number;
}

export interface SentDelivery extends Delivery, Receipt {
  readonly deliveredAt: number;
}

export interface DeliveryLog {
  readonly outbox: Heap<Delivery>;
  /** What was sent in the last three days, oldest first. */
  readonly sent: Map<string, SentDelivery>;
}

/** The first delivery id: neighbours differ only below what a JavaScript number can hold. */
const FIRST_DELIVERY_ID = 200_000_000_000_000_001n;

function nextDeliveryId(state: State): string {
  const count = state.serials.get('delivery') ?? 0;
  state.serials.set('delivery', count + 1);
  return String(FIRST_DELIVERY_ID + BigInt(count));
}

/** Puts an event on its way to the App's webhook, or loses, doubles or delays it as the faults have it. */
export function sendHook(
  state: State,
  hook: { readonly event: HookEvent; readonly installationId: number },
  now: number,
): void {
  const { event, installationId } = hook;
  const { faults } = state;
  const key = `${event.job.id} ${event.action}/${event.facts.status}`;
  if (strikes(state, faults.hookLost, `hook lost ${key}`)) return;
  const isMalformed = strikes(state, faults.hookMalformed, `hook malformed ${key}`);
  const guid = drawGuid(state.draw, `hook guid ${key}`);
  const copies = strikes(state, faults.hookDuplicated, `hook doubled ${key}`) ? [1, 2] : [1];
  for (const copy of copies) {
    const dueAt = now + delayMs(state, `${key} copy ${copy}`);
    const id = nextDeliveryId(state);
    state.deliveries.outbox.push(dueAt, {
      id,
      guid,
      event,
      isMalformed,
      installationId,
      redelivery: false,
      dueAt,
    });
  }
}

function delayMs(state: State, key: string): number {
  const { faults, limits, draw } = state;
  const { hookLatencyMinMs: minMs, hookLatencyMaxMs: maxMs } = limits;
  const usualMs = drawMs(draw, `hook latency ${key}`, { minMs, maxMs });
  if (strikes(state, faults.hookLate, `hook late ${key}`)) {
    return usualMs + drawMs(draw, `hook late by ${key}`, { minMs: 0, maxMs: faults.hookLateMaxMs });
  }
  if (strikes(state, faults.hookReordered, `hook reordered ${key}`)) {
    return usualMs + drawMs(draw, `hook reordered by ${key}`, { minMs: 0, maxMs: faults.hookReorderedMaxMs });
  }
  return usualMs;
}

/** Takes the deliveries due now off the outbox, earliest first. Each is to be posted once and its receipt recorded. */
export function takeDue(state: State, now: number): readonly Delivery[] {
  const due: Delivery[] = [];
  for (;;) {
    const next = state.deliveries.outbox.popDue(now);
    if (next === undefined) return due;
    due.push(next.item);
  }
}

/** Notes how a delivery was answered; from now on it is listed, and for three days it can be sent again. */
export function recordReceipt(
  state: State,
  sent: { readonly delivery: Delivery; readonly receipt: Receipt },
  now: number,
): void {
  const { delivery, receipt } = sent;
  state.deliveries.sent.set(delivery.id, { ...delivery, ...receipt, deliveredAt: now });
  later(state, now + state.limits.deliveryKeptMs, () => state.deliveries.sent.delete(delivery.id));
}

/** Sends a listed delivery again, under its GUID and a new id. */
export function sendAgain(state: State, sent: SentDelivery, now: number): void {
  const { guid, event, isMalformed, installationId } = sent;
  const id = nextDeliveryId(state);
  const dueAt = now + state.limits.hookLatencyMinMs;
  const again: Delivery = { id, guid, event, isMalformed, installationId, redelivery: true, dueAt };
  state.deliveries.outbox.push(dueAt, again);
}

/** The body's object. */
export function payloadFor(state: State, { event, isMalformed }: Delivery): HookPayload {
  const payload = payloadOf(state, event);
  return isMalformed ? { ...payload, workflow_job: null } : payload;
}

export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request GitHub would post: body and headers, signed over the very bytes of the body. */
export function signDelivery(state: State, delivery: Delivery): SignedDelivery {
  const body = JSON.stringify(payloadFor(state, delivery));
  const { app } = state;
  const hmac = (name: string, secret: string) => createHmac(name, secret).update(body).digest('hex');
  return {
    body,
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/6e01ac1',
      'x-github-event': 'workflow_job',
      'x-github-delivery': delivery.guid,
      'x-github-hook-id': String(app.hookId),
      'x-github-hook-installation-target-id': String(app.id),
      'x-github-hook-installation-target-type': 'integration',
      ...(app.webhookSecret !== null && {
        'x-hub-signature': `sha1=${hmac('sha1', app.webhookSecret)}`,
        'x-hub-signature-256': `sha256=${hmac('sha256', app.webhookSecret)}`,
      }),
    },
  };
}
