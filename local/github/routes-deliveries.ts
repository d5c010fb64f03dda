import type { components } from '@octokit/openapi-types';
import { type Answer, answerOf, notFound, refusal } from './answer.ts';
import { type SentDelivery, sendAgain, signDelivery } from './deliveries.ts';
import { linkTo, pageSizeOf } from './pages.ts';
import type { Call, Route } from './routing.ts';
import { iso } from './shapes.ts';

type Schemas = components['schemas'];

function rowOf(sent: SentDelivery) {
  return {
    id: BigInt(sent.id),
    guid: sent.guid,
    delivered_at: iso(sent.deliveredAt),
    redelivery: sent.redelivery,
    duration: sent.durationMs / 1_000,
    status: wordOf(sent.statusCode),
    status_code: sent.statusCode,
    event: 'workflow_job',
    action: sent.event.action,
    installation_id: sent.installationId,
    repository_id: sent.event.job.run.repository.id,
    throttled_at: null,
  } satisfies Schemas['hook-delivery-item'];
}

function wordOf(statusCode: number): string {
  if (statusCode === 0) return 'failed to connect to host';
  return statusCode < 400 ? 'OK' : `Invalid HTTP Response: ${statusCode}`;
}

/** A failed connection has no status code and matches neither filter: only reading the status text finds it. */
const filters: Readonly<Record<string, (code: number) => boolean>> = {
  success: (code) => code >= 200 && code < 400,
  failure: (code) => code >= 400 && code < 600,
};

/** Newest first; a cursor is the id of the last delivery that was seen. */
function list(call: Call): Answer {
  const matches = filters[call.query.get('status') ?? ''] ?? (() => true);
  const all = [...call.state.deliveries.sent.values()].filter((sent) => matches(sent.statusCode)).reverse();
  const cursor = call.query.get('cursor');
  const seenIndex = cursor === null ? -1 : all.findIndex((sent) => sent.id === cursor);
  if (cursor !== null && seenIndex < 0) return refusal(422, 'Invalid cursor.');
  const items = all.slice(seenIndex + 1, seenIndex + 1 + pageSizeOf(call.query));
  const last = items.at(-1);
  const isMore = last !== undefined && last !== all.at(-1);
  const headers = isMore ? { link: `<${linkTo(call, 'cursor', last.id)}>; rel="next"` } : {};
  return answerOf(200, items.map(rowOf), headers);
}

const asked = ({ state, params }: Call) => state.deliveries.sent.get(params['delivery_id'] ?? '');

function get(call: Call): Answer {
  const sent = asked(call);
  if (sent === undefined) return notFound();
  const { headers, body } = signDelivery(call.state, sent);
  return answerOf(200, {
    ...rowOf(sent),
    request: { headers, payload: JSON.parse(body) },
    response: { headers: {}, payload: null },
  });
}

function redeliver(call: Call): Answer {
  const sent = asked(call);
  if (sent === undefined) return notFound();
  sendAgain(call.state, sent, call.now);
  return answerOf(202, {});
}

const root = '/app/hook/deliveries';

export const deliveryRoutes: readonly Route[] = [
  { on: 'app', method: 'GET', path: root, answer: list },
  { on: 'app', method: 'GET', path: `${root}/{delivery_id}`, answer: get },
  { on: 'app', method: 'POST', path: `${root}/{delivery_id}/attempts`, answer: redeliver },
];
