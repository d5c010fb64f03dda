import type { DeliveryWalk, HookItem } from '../contracts/ledger-sweep.ts';
import type { SeenDelivery } from '../ports/github.ts';

/** Which failed webhook deliveries are asked for again, and when: decisions only. GitHub itself never repeats one. */

/** GitHub keeps deliveries for three days (docs, redelivering webhooks). */
export const DELIVERY_KEPT_MS = 3 * 24 * 3_600_000;
export const TRIES_MAX = 3;
/** After a try: an outage of ours lasts minutes, and discovery finds what is given up. */
const TRY_SPACING_MS = [0, 5 * 60_000, 30 * 60_000] as const;
const LAST_LOOK_MS = 30 * 60_000;
/** Kept at once; more are an outage that lasts, and discovery is on its way. The newest are dropped. */
const OPEN_MAX = 500;
/** Failures that are settled and may still be listed. */
const SETTLED_MAX = 500;
/** A walk that is this many pages behind starts anew at the newest: it would never catch up. */
const WALK_PAGES_MAX = 10;
/** Refused on purpose: a bad signature, or a body beyond our bound. A repeat would be refused as well. */
const FINAL_CODES: readonly number[] = [401, 413];

type Open = HookItem['open'][number];

export const freshWalk = (): DeliveryWalk => ({ upTo: null, top: null, next: null, pages: 0 });

export interface DeliveryPage {
  readonly deliveries: readonly SeenDelivery[];
  readonly next: string | null;
}

/** The walk after one more page: on to the next, or done down to what was known. `skipped`: pages were given up. */
export function walked(
  walk: DeliveryWalk,
  page: DeliveryPage,
  now: number,
): { readonly walk: DeliveryWalk; readonly skipped: boolean } {
  const top = walk.next === null ? (page.deliveries[0]?.deliveryId ?? walk.upTo) : walk.top;
  const isKnown = page.deliveries.some(({ deliveryId }) => deliveryId === walk.upTo);
  const isOld = page.deliveries.some(({ deliveredAt }) => now - deliveredAt > DELIVERY_KEPT_MS);
  const pages = walk.pages + 1;
  // The very first walk looks at one page: what failed before there was a stack is nobody's loss.
  const isFirst = walk.upTo === null;
  const isDone = isKnown || isOld || isFirst || page.next === null;
  if (isDone) return { walk: { upTo: top, top: null, next: null, pages: 0 }, skipped: false };
  if (pages >= WALK_PAGES_MAX) return { walk: { upTo: top, top: null, next: null, pages: 0 }, skipped: true };
  return { walk: { ...walk, top, next: page.next, pages }, skipped: false };
}

/** What the next pass knows of deliveries. */
export type Known = Pick<HookItem, 'open' | 'settled'>;

/** Rows of a page that the walk had not seen; newest first. */
function newer(page: DeliveryPage, upTo: string | null): readonly SeenDelivery[] {
  const known = page.deliveries.findIndex(({ deliveryId }) => deliveryId === upTo);
  return known === -1 ? page.deliveries : page.deliveries.slice(0, known);
}

/** New failures of a page join those that are open; a delivery that came through settles its GUID. */
export function noted(
  known: Known,
  page: DeliveryPage,
  at: { readonly upTo: string | null; readonly now: number },
): Known {
  const came = page.deliveries.filter(({ isOk }) => isOk).map(({ guid }) => guid);
  const after = settle(
    known,
    known.open.map(({ guid }) => guid).filter((guid) => came.includes(guid)),
  );
  const closed = new Set([...after.settled, ...came]);
  const byGuid = new Map(after.open.map((one) => [one.guid, one]));
  for (const one of newer(page, at.upTo)) {
    const isWanted = !one.isOk && one.event === 'workflow_job' && !FINAL_CODES.includes(one.statusCode);
    const isOld = at.now - one.deliveredAt > DELIVERY_KEPT_MS;
    if (!isWanted || isOld || closed.has(one.guid) || byGuid.has(one.guid)) continue;
    const { guid, deliveryId, action, deliveredAt } = one;
    byGuid.set(guid, { guid, deliveryId, action, at: deliveredAt, tries: 0, due: at.now });
  }
  const open = [...byGuid.values()].toSorted((a, b) => a.at - b.at).slice(0, OPEN_MAX);
  return { ...after, open };
}

/** These GUIDs need nothing any more. */
export function settle(known: Known, guids: readonly string[]): Known {
  if (guids.length === 0) return known;
  return {
    open: known.open.filter(({ guid }) => !guids.includes(guid)),
    settled: [...known.settled, ...guids].slice(-SETTLED_MAX),
  };
}

const URGENT = ['queued', 'completed', 'in_progress', 'waiting'];

/** Those to ask for now, a new job before its end, the oldest first. */
export const dueOf = (open: readonly Open[], now: number): readonly Open[] =>
  open
    .filter(({ due }) => due <= now)
    .toSorted((a, b) => URGENT.indexOf(a.action ?? '') - URGENT.indexOf(b.action ?? '') || a.at - b.at);

/** After a try. Undefined: GitHub forgot it. */
export function tried(one: Open, answer: 'asked' | 'gone', now: number): Open | undefined {
  if (answer === 'gone' || now - one.at > DELIVERY_KEPT_MS) return undefined;
  const tries = one.tries + 1;
  return { ...one, tries, due: now + (TRY_SPACING_MS[tries] ?? LAST_LOOK_MS) };
}

/** All tries are made, and the last has had its time. */
export const isGivenUp = ({ tries }: Open): boolean => tries >= TRIES_MAX;
